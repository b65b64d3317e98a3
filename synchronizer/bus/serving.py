# SPDX-License-Identifier: Apache-2.0
"""Starts and stops oslo.messaging's servers, whose starting and stopping may block."""

import threading
from collections.abc import Callable

from oslo_log import log as logging
from oslo_messaging.server import MessageHandlingServer

from synchronizer.bus import contact
from synchronizer.bus.transport import errors_of
from synchronizer.vitals import NO_PULSE, Pulse

LOG = logging.getLogger(__name__)

#: Seconds between attempts to listen: the first, and at most.
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 5.0

#: Seconds that a driver takes for one attempt at the very most, and between two words of one
#: that listens.
_STARTING, _WORD = 300.0, 20.0


class Serving:
    """A server that comes up when the bus does. `make` makes one that is not started. `pulse`
    is told that it goes on."""

    def __init__(
        self,
        name: str,
        make: Callable[[], MessageHandlingServer],
        threads: int,
        pulse: Pulse = NO_PULSE,
    ) -> None:
        self._pulse = pulse
        self._name = name
        self._make = make
        self._threads = threads
        self._stopping = threading.Event()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to listen as soon as the bus allows it; returns at once."""
        self._thread.start()

    def wait_started(self, timeout: float) -> bool:
        """Whether it listens, or came to within `timeout` seconds.

        The local bus's driver lets a server start while the bus is away, and subscribes
        when it is there: only a message that came through proves a subscription.
        """
        return self._started.wait(timeout)

    def stop(self, timeout: float) -> None:
        """Listen no longer, and finish what came in, within `timeout` seconds."""
        self._stopping.set()
        if self._thread.ident is None:
            return
        self._thread.join(timeout)
        if self._thread.is_alive():
            LOG.warning("%s did not end within %g s; it is left behind", self._name, timeout)

    def _run(self) -> None:
        server = self._begin()
        if server is not None:
            self._started.set()
            self._pulse.expect(_WORD, "listens")
            while not self._stopping.wait(_WORD):
                self._pulse.expect(_WORD, "listens")
            # For those who stop it this has a limit, and for this thread none.
            self._pulse.rest()
            server.stop()
            server.wait()
        # Not of a thread that a fault ended: it is missed.
        self._pulse.rest()

    def _begin(self) -> MessageHandlingServer | None:
        told, pause = "", _FIRST_PAUSE
        while not self._stopping.is_set():
            self._pulse.expect(_STARTING, "begins to listen")
            server = self._make()
            try:
                server.start(override_pool_size=self._threads)
            except Exception as error:
                # Whatever a driver raises here, only time or a person can help.
                why = self._why(server, error)
                if why != told:
                    LOG.warning("%s cannot listen yet: %s; trying on", self._name, why)
                told = why
                self._stopping.wait(pause)
                pause = min(_LONGEST_PAUSE, 2 * pause)
            else:
                if told:
                    LOG.info("%s listens now", self._name)
                return server
        return None

    def _why(self, server: MessageHandlingServer, error: Exception) -> str:
        if isinstance(error, errors_of(server.transport)):
            return contact.unavailable(server.transport, error).message
        return str(error)
