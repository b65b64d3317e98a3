# SPDX-License-Identifier: Apache-2.0
"""From configuration files to `Settings`."""

import pathlib
from collections.abc import Collection, Iterable
from typing import Any

from oslo_config import cfg

from synchronizer import errors
from synchronizer.bus import rabbit
from synchronizer.bus.transport import uses_rabbit
from synchronizer.conf import libraries, options
from synchronizer.conf.faults import refusing
from synchronizer.conf.given import Given, read_sections
from synchronizer.conf.plugins import PluginDeclarations, declared, refuse_twice, unused
from synchronizer.conf.settings import (
    CloudSettings,
    LedgerSettings,
    LocalBusSettings,
    MonitorSettings,
    RelaySettings,
    Settings,
    SnapshotSettings,
    TypeSettings,
)
from synchronizer.conf.types import type_sections
from synchronizer.conf.unknown import refuse_unknown

#: By section, the options that are URLs, with passwords perhaps.
URLS = (
    ("DEFAULT", "transport_url"),
    ("DEFAULT", "notification_transport_url"),
    ("ledger", "connection"),
)


def load(
    config_files: Iterable[str | pathlib.Path] | None = None,
    *,
    declarations: PluginDeclarations | None = None,
    conf: cfg.ConfigOpts | None = None,
    buses_only: bool = False,
    types: Collection[str] | None = None,
) -> Settings:
    """Reads the files (default: where oslo.config looks for synchronizer.conf) and the
    environment, and checks them.

    `declarations` maps a plugin's name to its `plugin.Setting`s; without it, plugin
    sections are taken as they are. `types` are the entity types of those plugins; without it,
    or where a cloud has yet another plugin, any may have a section. With `buses_only` the files
    of secrets are left alone but for those of the two buses. `errors.BadConfiguration` names
    what is wrong.
    """
    conf = conf or cfg.ConfigOpts()
    files = None if config_files is None else [str(file) for file in config_files]
    for name, opts in options.GROUPS.items():
        conf.register_opts(opts, group=None if name == "DEFAULT" else name)
    libraries.register_log_opts(conf)
    with refusing(conf):
        conf([], project="synchronizer", default_config_files=files)
        given = Given(
            read_sections(files_of(conf)),
            reads_secret=lambda section: section == "DEFAULT" or not buses_only,
        )
        for name, opts in options.GROUPS.items():
            given.settle(conf, opts, name)
        refuse_twice(conf.clouds, "the option clouds")
        plugins = {name: declared(conf, name, given, declarations or {}) for name in conf.clouds}
        unused(conf, given, declarations or {})
        if {one.name for of in plugins.values() for one in of} - (declarations or {}).keys():
            types = None
        default_type = TypeSettings(**values(conf.sampling, options.SAMPLING))
        of_types = dict(type_sections(conf, given, default_type, types))
        for group, name in URLS:
            refuse_no_url(conf if group == "DEFAULT" else conf[group], group, name)
        url = conf.transport_url or default_bus(conf.runtime_path)
        notification_url = conf.notification_transport_url or url
        settings = Settings(
            host=conf.host,
            state_path=pathlib.Path(conf.state_path),
            runtime_path=pathlib.Path(conf.runtime_path),
            transport_url=url,
            notification_transport_url=notification_url,
            rabbit_options=rabbit_options(conf, given, url, notification_url),
            graceful_shutdown_timeout=conf.graceful_shutdown_timeout,
            ledger=LedgerSettings(
                url=conf.ledger.connection or default_ledger(conf.state_path),
                retention=conf.ledger.retention,
                compact_interval=conf.ledger.compact_interval,
                verify_interval=conf.ledger.verify_interval,
            ),
            relay=RelaySettings(**values(conf.relay, options.RELAY)),
            snapshot=SnapshotSettings(**values(conf.snapshot, options.SNAPSHOT)),
            local=LocalBusSettings(
                group=conf.local.group or None,
                max_messages=conf.local.max_messages,
                max_bytes=conf.local.max_bytes,
            ),
            monitor=MonitorSettings(**values(conf.monitor, options.MONITOR)),
            clouds=tuple(
                CloudSettings(name, plugins[name], services_bus(conf, name)) for name in conf.clouds
            ),
            types=of_types,
            default_type=default_type,
        )
    refuse_unknown(conf, given, all_plugins=declarations is not None, types=types or ())
    refuse_short_retention(settings)
    return settings


def refuse_short_retention(settings: Settings) -> None:
    """A listing may take about its interval, and what it began with must still be there."""
    longest = max(of.interval for of in (settings.default_type, *settings.types.values()))
    if settings.ledger.retention < 2 * longest:
        raise errors.BadConfiguration(
            f"retention in [ledger] is {settings.ledger.retention:g} s; it must be at least twice"
            f" the longest interval between listings, which is {longest:g} s"
        )


def refuse_no_url(of: Any, section: str, name: str) -> None:
    """It is not shown: all of it may be a password."""
    if of[name] and "://" not in of[name]:
        raise errors.BadConfiguration(f"{name} in [{section}] is no URL: it has no ://")


def default_bus(runtime_path: str) -> str:
    return f"local://{pathlib.Path(runtime_path).resolve()}/bus.sock"


def default_ledger(state_path: str) -> str:
    return f"sqlite:///{pathlib.Path(state_path).resolve()}/ledger.sqlite"


def values(group: Any, opts: Iterable[cfg.Opt]) -> dict[str, Any]:
    return {option.dest: getattr(group, option.dest) for option in opts}


def files_of(conf: cfg.ConfigOpts) -> list[str]:
    """All that were read, in the order in which they were."""
    directories = [pathlib.Path(path) for path in conf.config_dir or ()]
    more = [str(path) for directory in directories for path in sorted(directory.glob("*.conf"))]
    return [*(conf.config_file or ()), *more]


def rabbit_options(conf: cfg.ConfigOpts, given: Given, *urls: str) -> dict[str, str]:
    """The options of the RabbitMQ driver that a file or the environment sets."""
    if rabbit.GROUP not in given.sections and not any(map(uses_rabbit, urls)):
        return {}
    opts = libraries.rabbit_opts()
    given.register(conf, opts, rabbit.GROUP)
    found = {}
    for option in opts:
        place = conf.get_location(option.dest, rabbit.GROUP)
        if place is not None and place.location.is_user_controlled:
            found[option.dest] = str(conf[rabbit.GROUP][option.dest])
    return found


def services_bus(conf: cfg.ConfigOpts, cloud: str) -> str:
    """The URL of the bus on which a cloud's services send notifications, or nothing."""
    url: str = conf[f"cloud:{cloud}"].notification_transport_url
    if url and not (uses_rabbit(url) and "://" in url):
        raise errors.BadConfiguration(
            f"notification_transport_url in [cloud:{cloud}] must begin with rabbit://"
        )
    return url
