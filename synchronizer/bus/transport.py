# SPDX-License-Identifier: Apache-2.0
"""oslo.messaging transports from a URL and options, without the application's configuration.

What RabbitMQ's driver is not told by the URL's query or the options has the defaults of
`rabbit`. Make transports after forking, in the process that uses them.
"""

import importlib
from collections.abc import Mapping
from types import ModuleType

import oslo_messaging
from oslo_config import cfg
from oslo_messaging import transport as oslo_transport

from synchronizer import errors
from synchronizer.bus import rabbit, topics

REMOTE_MODULES = ["synchronizer.errors"]

NotificationTransport = oslo_transport.NotificationTransport

RABBIT_DRIVER = "oslo_messaging._drivers.impl_rabbit"

#: Options that oslo.messaging registers on the global configuration only, but reads from any:
#: group, module and name of the list.
_GLOBAL_OPTIONS = (
    ("oslo_messaging_metrics", "oslo_messaging._metrics.client", "oslo_messaging_metrics"),
    ("oslo_messaging_tracing", "oslo_messaging._tracing.client", "oslo_messaging_tracing"),
)


#: Values by the names of `[oslo_messaging_rabbit]`, as texts.
RabbitOptions = Mapping[str, str]


def rpc_transport(
    url: str, rabbit_options: RabbitOptions | None = None
) -> oslo_transport.RPCTransport:
    """A transport for `rpc.RpcClient` and `rpc.RpcServer`. `BadConfiguration` for a bad URL,
    and for options and files of RabbitMQ's driver that cannot be used."""
    return _make(url, rabbit_options, oslo_messaging.get_rpc_transport)


def notification_transport(
    url: str, rabbit_options: RabbitOptions | None = None
) -> oslo_transport.NotificationTransport:
    """A transport for `notifier.Notifier` and `subscription.Subscription`; as `rpc_transport`."""
    return _make(url, rabbit_options, oslo_messaging.get_notification_transport)


def uses_rabbit(url: str) -> bool:
    """Whether it is the RabbitMQ driver that takes the URL."""
    return url.partition(":")[0].split("+")[0] in rabbit.SCHEMES


def url_of(transport: oslo_transport.Transport) -> str:
    """The transport's URL without its password, for people to read."""
    return redact_url(str(transport._driver._url))


def errors_of(transport: oslo_transport.Transport) -> tuple[type[Exception], ...]:
    """What the transport's driver raises when the bus is away.

    The RabbitMQ driver lets exceptions of its libraries through while it connects.
    """
    common = (oslo_messaging.MessagingException, OSError)
    if type(transport._driver).__module__ != RABBIT_DRIVER:
        return common
    # Only here, so that the local bus does without kombu.
    import amqp
    import kombu.exceptions

    return (*common, kombu.exceptions.KombuError, amqp.AMQPError)


def redact_url(url: str) -> str:
    """The URL with `***` for each password, also when it is not quite a URL."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "", url
    if "@" not in rest:
        return url.partition("?")[0]
    credentials, _, tail = rest.rpartition("@")
    first, *others = credentials.split("@")
    shown = [_hide(first)]
    for segment in others:
        host, comma, credential = segment.partition(",")
        # Without a comma this is the rest of a password with an "@".
        if comma:
            shown.append(f"{host},{_hide(credential)}")
    return f"{scheme}{separator}{'@'.join(shown)}@{tail.partition('?')[0]}"


def _hide(credential: str) -> str:
    user, colon, _ = credential.partition(":")
    return f"{user}:***" if colon else user


def _make(url: str, rabbit_options: RabbitOptions | None, factory):  # type: ignore[no-untyped-def]
    try:
        conf = _configuration()
        parsed = _parsed(conf, url)
        if uses_rabbit(url):
            defaults = {name: default.value for name, default in rabbit.DEFAULTS.items()}
            parsed.query = {**defaults, **(rabbit_options or {}), **parsed.query}
        transport = factory(conf, url=parsed, allowed_remote_exmods=REMOTE_MODULES)
        if uses_rabbit(url):
            rabbit.check_tls(transport.conf.oslo_messaging_rabbit)
        return transport
    except errors.BadConfiguration as error:
        raise errors.BadConfiguration(
            f"the bus {redact_url(url)} cannot be used: {error.message}"
        ) from None
    except (
        oslo_messaging.InvalidTransportURL,
        oslo_messaging.DriverLoadFailure,
        cfg.Error,
        RuntimeError,
        ValueError,
    ) as error:
        # Their texts may hold the whole URL.
        why = str(error).replace(url, redact_url(url))
        raise errors.BadConfiguration(
            f"the transport URL {redact_url(url)} cannot be used: {why}"
        ) from None


def _parsed(conf: cfg.ConfigOpts, url: str) -> oslo_messaging.TransportURL:
    try:
        return oslo_messaging.TransportURL.parse(conf, url)
    except ValueError:
        # Its text may be a part of the password.
        raise ValueError(
            "its host and port cannot be read; in a password, characters as / # ? , must be "
            "percent-encoded"
        ) from None


def _configuration() -> cfg.ConfigOpts:
    """A configuration of its own with what oslo.messaging reads, and no file or argument."""
    conf = cfg.ConfigOpts()
    conf(args=[], project="synchronizer", default_config_files=[], default_config_dirs=[])
    for group, module_name, options in _GLOBAL_OPTIONS:
        module = _module(module_name)
        if module is not None:
            conf.register_opts(getattr(module, options), group=group)
    conf.register_opts(oslo_transport._transport_opts)
    conf.set_override("control_exchange", topics.EXCHANGE)
    return conf


def _module(name: str) -> ModuleType | None:
    """The module, if this version of oslo.messaging has it."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        return None
