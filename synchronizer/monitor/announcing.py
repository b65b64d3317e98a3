# SPDX-License-Identifier: Apache-2.0
"""What systemd is told, and when."""

import time

from synchronizer.monitor.report import Report
from synchronizer.monitor.systemd import Systemd

#: Seconds for which a start is given more time, each second while it makes progress.
EXTENSION = 60.0


class Announcing:
    """Tells systemd each second; of what has not changed nothing but that it lives."""

    def __init__(self, systemd: Systemd) -> None:
        self._systemd = systemd
        self._ready = False
        self._stopping = False
        self._status = ""
        self._turn: int | None = None

    def tell(self, report: Report, *, hope: bool) -> None:
        """`hope`: whatever is wrong, the daemon mends it by itself."""
        if not self._systemd:
            return
        lines = []
        if hope and self._systemd.watchdog:
            lines.append("WATCHDOG=1")
        if report.status != self._status:
            self._status = report.status
            lines.append(f"STATUS={self._status}")
        if report.ending:
            self.stopping()
        elif self._reloads(report):
            self._ready = False
            lines += ["RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}"]
        elif not self._ready:
            if report.settled:
                self._ready = True
                lines.append("READY=1")
            elif hope:
                lines.append(f"EXTEND_TIMEOUT_USEC={int(EXTENSION * 1e6)}")
        self._systemd.tell(*lines)

    def stopping(self) -> None:
        """Once."""
        if not self._stopping:
            self._stopping = True
            self._systemd.tell("STOPPING=1", "STATUS=Ends")

    def _reloads(self, report: Report) -> bool:
        """Whether the master has begun to reload since the last time."""
        turn = sum(vital.turn for vital in report.vitals if vital.name == "master")
        before, self._turn = self._turn, turn
        return before is not None and turn != before
