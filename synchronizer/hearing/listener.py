# SPDX-License-Identifier: Apache-2.0
"""Listens, whatever becomes of the bus."""

import random
import threading
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.hearing.message import Notification
from synchronizer.hearing.queue import Channel, Queue, listening
from synchronizer.vitals import NO_PULSE, Pulse

LOG = logging.getLogger(__name__)

#: Seconds between looks at whether to stop.
_TURN = 0.5

#: Seconds between attempts to connect: the first, and at most.
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0

#: Seconds after which a connection counts as one that lasts.
_LASTING = 60.0

#: Seconds between looks for exchanges that do not exist yet.
_LOOK_AGAIN = 2.0

#: Seconds that the driver takes to give up, whatever the bus does: several addresses, TLS and
#: a greeting each.
CONNECTING = 300.0


class Listener:
    """Hands on every notification that is sent to the channels, from a thread of its own.

    `name`: of the cloud and service, for the log and for the queue's name. `url`: as
    oslo.messaging's, `rabbit://...`, with options of its driver in the query.
    `on_message(event_type, payload)` must be quick, and not raise. `on_state(problem)` is told
    of each change: None when it listens, to all or to some more of the channels (what was
    sent before was missed), else why not. `pulse` is told of progress.
    """

    def __init__(
        self,
        name: str,
        url: str,
        channels: Sequence[Channel],
        *,
        on_message: Callable[[str, Any], None],
        on_state: Callable[[str | None], None],
        pulse: Pulse = NO_PULSE,
    ) -> None:
        self._pulse = pulse
        self._name = name
        self._url = url
        self._channels = tuple(channels)
        self._on_message = on_message
        self._on_state = on_state
        self._told: str | None = ""
        self._pause = _FIRST_PAUSE
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"hearing {name}", daemon=True)

    def start(self) -> None:
        """Begins, as soon as the bus allows it; returns at once."""
        self._thread.start()

    def stop(self, seconds: float) -> bool:
        """Ends, within so many seconds; whether it has ended."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    # --- in the thread ----------------------------------------------------

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._pulse.expect(CONNECTING, "connects to the services' bus")
            try:
                self._listen()
            except errors.SynchronizerError as error:
                self._tell(error.message)
            except Exception as error:
                LOG.exception("%s: an unforeseen error of the bus", self._name)
                self._tell(f"{type(error).__name__}: {error}")
            self._pulse.expect(self._pause, "waits")
            self._stopping.wait(self._pause * random.uniform(0.5, 1.0))  # noqa: S311
            self._pause = min(_LONGEST_PAUSE, 2 * self._pause)
        # Not of a thread that a fault ended: it is missed.
        self._pulse.rest()

    def _listen(self) -> None:
        """One connection, for as long as it lasts."""
        with listening(self._url, self._name, self._hand_on) as queue:
            self._follow(queue)

    def _follow(self, queue: Queue) -> None:
        began = due = time.monotonic()
        missing = {channel.exchange for channel in self._channels}
        while not self._stopping.is_set():
            self._pulse.expect(doing="listens")
            now = time.monotonic()
            if missing and now >= due:
                before, missing = missing, queue.bind(self._channels)
                if missing < before:
                    self._on_state(None)
                    self._told = None
                if missing:
                    self._tell(absent(missing))
                else:
                    LOG.info("%s: listening to notifications", self._name)
                due = now + _LOOK_AGAIN
            queue.drain(_TURN)
            if now - began > _LASTING:
                self._pause = _FIRST_PAUSE

    def _hand_on(self, notification: Notification) -> None:
        self._on_message(notification.event_type, notification.payload)

    def _tell(self, problem: str) -> None:
        if problem != self._told:
            LOG.warning("%s: no notifications are heard: %s; trying on", self._name, problem)
            self._on_state(problem)
        self._told = problem


def probe(url: str, name: str, channels: Sequence[Channel]) -> None:
    """Listens for a moment. `errors.SynchronizerError` if a `Listener` would hear nothing, or
    not all."""
    with listening(url, name) as queue:
        missing = queue.bind(channels)
    if missing:
        raise errors.BusUnavailable(absent(missing))


def absent(exchanges: Collection[str]) -> str:
    """For people: these exchanges do not exist."""
    names = ", ".join(sorted(exchanges))
    return (
        f"the bus has no exchange {names}: its service has sent no notification yet, or sends them"
        " elsewhere (option notification_channels)"
    )
