# SPDX-License-Identifier: Apache-2.0
"""Whether the bus lets us in, and if not, why not and what to look at.

Drivers try for ever to reach a broker that will never let them in, and say what the
broker or the operating system said. Here it is asked once, and the answer translated.
"""

import socket
import ssl
from collections.abc import Iterator
from typing import Any

from oslo_messaging import transport as oslo_transport
from oslo_messaging._drivers import common

from synchronizer import errors
from synchronizer.bus import rabbit
from synchronizer.bus.transport import RABBIT_DRIVER, url_of

#: How a broker's hanging up shows: it may do so before what it said of the reason was read.
_CLOSED = (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError, ssl.SSLZeroReturnError)

#: AMQP's reply codes.
_ACCESS_REFUSED = 403
_PRECONDITION_FAILED = 406
_NOT_ALLOWED = 530


def reach(transport: oslo_transport.Transport) -> None:
    """Connects, once, and keeps the connection for whoever sends next. Raises what the driver
    raises (`transport.errors_of`) if that fails.

    The local bus's driver needs no such call: it never waits for the bus by itself.
    """
    driver = transport._driver
    if type(driver).__module__ == RABBIT_DRIVER:
        with driver._get_connection(common.PURPOSE_SEND, 0):
            """It is there, and goes back to the pool."""


def unavailable(
    transport: oslo_transport.Transport,
    error: BaseException,
    permissions: str = "'.*' '.*' '.*'",
) -> errors.BusUnavailable:
    """What the driver raised, for people: `errors.BusRefused` if the broker is there but the
    way to it is not as configured, else `errors.BusUnavailable`. `permissions`: those that are
    needed, to configure, write and read, as rabbitmqctl takes them."""
    url = url_of(transport)
    chain = list(_chain(error))
    refusal = _refusal(transport._driver, chain, permissions)
    if refusal is not None:
        return errors.BusRefused(f"the bus {url} refuses us: {refusal}")
    return errors.BusUnavailable(f"the bus {url} is away: {_absence(transport._driver, chain)}")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it came from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _refusal(driver: Any, chain: list[BaseException], permissions: str) -> str | None:
    for error in chain:
        if isinstance(error, _CLOSED):
            return None
        if isinstance(error, ssl.SSLError):
            return _tls(error)
        # All of py-amqp's errors have it; the local bus does without that library.
        code = getattr(error, "reply_code", None)
        if code in (_ACCESS_REFUSED, _NOT_ALLOWED, _PRECONDITION_FAILED):
            text = str(getattr(error, "reply_text", error))
            return _amqp(driver, int(code), text, permissions)
    return None


def _tls(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"its certificate is not accepted ({error.verify_message}); check that ssl_ca_file is "
            "the CA that signed it, and that it is for the host that the URL names"
        )
    reason = error.reason or str(error)
    if "ALERT" in reason:
        return (
            f"it does not accept our side of TLS ({reason}); if it asks for a client certificate, "
            "check ssl_cert_file and ssl_key_file"
        )
    return f"no TLS with it ({reason}); check that the port is the one for TLS"


def _amqp(driver: Any, code: int, text: str, permissions: str) -> str:
    vhost = driver._url.virtual_host or "/"
    user = next((host.username for host in driver._url.hosts if host.username), "guest")
    if code == _PRECONDITION_FAILED:
        return (
            f"something in virtual host {vhost!r} was made with other properties: {text}. Use a "
            "virtual host of Synchronizer's own, with the same amqp_durable_queues and queue types "
            "for all its users; then delete there what is named here"
        )
    if "not found" in text:
        return (
            f"it has no virtual host {vhost!r}; make it (rabbitmqctl add_vhost), or correct the URL"
        )
    if "Login was refused" in text:
        return f"it does not let user {user!r} log in; check the name and password in the URL"
    return (
        f"user {user!r} may not do what is needed in virtual host {vhost!r}: {text}; give the "
        f"permissions (rabbitmqctl set_permissions -p {vhost} {user} {permissions})"
    )


def _absence(driver: Any, chain: list[BaseException]) -> str:
    for error in chain:
        if isinstance(error, socket.gaierror):
            return f"the host's name is not known ({error.strerror})"
        if isinstance(error, ConnectionRefusedError):
            return "nothing listens there"
        if isinstance(error, TimeoutError):
            return "it does not answer"
        if isinstance(error, FileNotFoundError):
            return "there is no such socket; is the daemon running, and is this its bus?"
        if isinstance(error, PermissionError):
            return "this user may not connect; be the daemon's user, or of the group in [local]"
        if isinstance(error, _CLOSED):
            return f"it closed the connection; if it always does, {_closing(driver)}"
    return str(chain[0])


def _closing(driver: Any) -> str:
    """Why a broker may close each connection at once."""
    options = getattr(driver.conf, rabbit.GROUP, None)
    if options is not None and options.ssl:
        return (
            "check that the port is the one for TLS, and, as it may ask for a client certificate, "
            "ssl_cert_file and ssl_key_file"
        )
    return "check the port: it may be the one for TLS (ssl=true)"
