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
        lines = ["WATCHDOG=1"] if hope and self._systemd.watchdog else []
        if report.status != self._status:
            lines.append(f"STATUS={report.status}")
        turn, ready = _turn(report), self._ready
        if report.ending:
            self.stopping()
        elif self._turn not in (None, turn):
            ready = False
            lines += ["RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}"]
        elif not ready and report.settled:
            ready = True
            lines.append("READY=1")
        elif not ready and hope:
            lines.append(f"EXTEND_TIMEOUT_USEC={int(EXTENSION * 1e6)}")
        if self._systemd.tell(*lines):  # else all of it again, the next time
            self._status, self._turn, self._ready = report.status, turn, ready

    def stopping(self) -> None:
        """Once."""
        if not self._stopping:
            self._stopping = self._systemd.tell("STOPPING=1", "STATUS=Ends")


def _turn(report: Report) -> int:
    """Rises with each reload that the master begins."""
    return sum(vital.turn for vital in report.vitals if vital.name == "master")
