# SPDX-License-Identifier: Apache-2.0
"""Messages for systemd, as sd_notify(3) has them."""

import contextlib
import os
import socket
from collections.abc import MutableMapping

from oslo_log import log as logging

LOG = logging.getLogger(__name__)


class Systemd:
    """`address`: of NOTIFY_SOCKET; empty: nobody is told. `watchdog`: seconds within which it
    wants to be fed; 0: it does not. Survives a fork."""

    def __init__(self, address: str = "", watchdog: float = 0.0) -> None:
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self.watchdog = watchdog

    def __bool__(self) -> bool:
        return bool(self._address)

    def tell(self, *lines: str) -> bool:
        """One message of so many assignments; never waits, and never fails. Whether it was
        taken: a systemd that is busy may have no room."""
        if not (self._address and lines):
            return True
        try:
            with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as sock:
                sock.setblocking(False)
                sock.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            LOG.debug("systemd cannot be told: %s", error)
            return False
        return True


def from_environment(environment: MutableMapping[str, str] | None = None) -> Systemd:
    """As the service manager asked for; taken out of the environment, so that nobody else
    speaks for us, and no process that we start either."""
    variables = os.environ if environment is None else environment
    address = variables.pop("NOTIFY_SOCKET", "")
    microseconds = variables.pop("WATCHDOG_USEC", "")
    pid = variables.pop("WATCHDOG_PID", "")
    ours = not pid or pid == str(os.getpid())
    watchdog = int(microseconds) / 1e6 if microseconds.isdecimal() and ours else 0.0
    return Systemd(address, watchdog)
