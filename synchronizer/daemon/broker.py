# SPDX-License-Identifier: Apache-2.0
"""The process of the embedded broker, for `local://`."""

import os
import time

from synchronizer import errors
from synchronizer.bus.local.broker import Broker
from synchronizer.bus.local.limits import Limits
from synchronizer.daemon.concerns import RELAY, SNAPSHOT
from synchronizer.daemon.master import MASTER
from synchronizer.daemon.service import Part, PartService
from synchronizer.monitor.replacing import parent_of
from synchronizer.vitals import Phase

#: The part of its time to end for which the bus waits for others, and seconds between looks.
LAST_WORDS, LOOK = 0.5, 0.05


class BrokerService(PartService):
    name = "broker"
    # The broker of a daemon that was just killed may hold the path for an instant yet.
    stop_seconds = 1.0

    def terminate(self) -> None:
        """Where the whole daemon ends, after those who still have something to send."""
        self.heart.ending(self.settings.graceful_shutdown_timeout)
        end = time.monotonic() + LAST_WORDS * self.settings.graceful_shutdown_timeout
        while self._others_speak() and time.monotonic() < end:
            time.sleep(LOOK)
        super().terminate()

    def _others_speak(self) -> bool:
        vitals = self.board.all()
        if not any(of.name == MASTER and of.phase is Phase.ENDING for of in vitals):
            return False
        return any(
            parent_of(of.pid) == os.getppid()
            for of in vitals
            if of.pid and of.name.startswith((RELAY, SNAPSHOT))
        )

    def make(self) -> Part:
        path = self.settings.local_socket
        if path is None:
            raise errors.BadConfiguration("no transport URL asks for the embedded broker")
        local = self.settings.local
        limits = Limits(queue_messages=local.max_messages, queue_bytes=local.max_bytes)
        return Broker(str(path), local.group, limits, self.heart)
