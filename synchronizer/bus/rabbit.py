# SPDX-License-Identifier: Apache-2.0
"""What the RabbitMQ driver is told: our defaults, each with its reason, and its TLS files.

The names are those of oslo.messaging's group `oslo_messaging_rabbit`. A URL's query wins
over what the application says, that over these defaults, and they over oslo.messaging's.
What is not here is oslo.messaging's own; above all `amqp_durable_queues` and the queue
types, as they have to be the same for everybody who uses the virtual host.
"""

import contextlib
import pathlib
import ssl
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from synchronizer import errors

GROUP = "oslo_messaging_rabbit"
SCHEMES = ("rabbit", "kombu")

#: Seconds that a queue of ours waits for its consumer's return.
GRACE = 120
#: Bytes that wait in a subscription's queue before the oldest are dropped.
MOST_WAITING = 64 << 20


class Default(NamedTuple):
    value: str
    reason: str


DEFAULTS: Mapping[str, Default] = {
    "rabbit_qos_prefetch_count": Default(
        "100",
        "A consumer is handed so many messages before it acknowledges one; without a bound it "
        "would be handed all that there is, into its memory.",
    ),
    "heartbeat_timeout_threshold": Default(
        "30", "Seconds after which a broker that says nothing is taken for dead."
    ),
    "rabbit_interval_max": Default(
        "5", "Seconds between attempts to connect again, at most: consumers are deaf until then."
    ),
    "rabbit_transient_queues_ttl": Default(
        str(GRACE),
        "Seconds after which the reply queue of a client that is gone goes, too; as all queues "
        "of ours do.",
    ),
    "kombu_missing_consumer_retry_timeout": Default(
        "5",
        "Seconds for which a server's thread tries to give an answer to a caller that is gone.",
    ),
    "ssl_ca_file": Default(
        ssl.get_default_verify_paths().cafile or "",
        "With ssl, the broker has to prove who it is; by default to the CAs that the system "
        "trusts. Without any file its name would not be compared.",
    ),
}


def check_tls(options: Any) -> None:
    """`options`: the driver's. `errors.BadConfiguration` for TLS that cannot work, or would not
    prove who the broker is: the driver would try it for ever, or take anybody."""
    if not options.ssl:
        return
    if options.ssl_version:
        # Only here, so that the local bus does without kombu.
        from oslo_messaging._drivers.impl_rabbit import Connection

        try:
            Connection.validate_ssl_version(options.ssl_version)
        except RuntimeError as error:
            raise errors.BadConfiguration(f"ssl_version: {error}") from None
    if not options.ssl_ca_file:
        raise errors.BadConfiguration(
            "ssl without ssl_ca_file would trust any broker: name the file of the CA that signed "
            "the broker's certificate"
        )
    context = ssl.create_default_context()
    with _naming("ssl_ca_file", options.ssl_ca_file):
        context.load_verify_locations(options.ssl_ca_file)
    if options.ssl_key_file and not options.ssl_cert_file:
        raise errors.BadConfiguration("ssl_key_file is the key of ssl_cert_file: name that, too")
    if options.ssl_cert_file:
        with _naming("ssl_cert_file", options.ssl_cert_file, options.ssl_key_file):
            # Nobody is there to be asked for the password of a key.
            context.load_cert_chain(
                options.ssl_cert_file, options.ssl_key_file or None, password=""
            )


@contextlib.contextmanager
def _naming(option: str, *files: str) -> Iterator[None]:
    """Errors of the body as `errors.BadConfiguration` that names the option and its files."""
    given = [file for file in files if file]
    for file in given:
        try:
            pathlib.Path(file).open("rb").close()
        except OSError as error:
            raise errors.BadConfiguration(
                f"{option}: {file} cannot be read: {error.strerror}"
            ) from None
    try:
        yield
    except (ssl.SSLError, ValueError) as error:
        raise errors.BadConfiguration(
            f"{option}: {' with '.join(given)} cannot be used: "
            f"{getattr(error, 'reason', None) or error}"
        ) from None
