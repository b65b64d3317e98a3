# SPDX-License-Identifier: Apache-2.0
"""The process that watches over the others, and tells how they are."""

import contextlib
import os
from collections.abc import Callable

from synchronizer.conf import Settings
from synchronizer.daemon.measuring import make_page
from synchronizer.daemon.service import Part, PartService
from synchronizer.metrics import Numbers, Page
from synchronizer.metrics.hooks import HangTally
from synchronizer.monitor import Monitor, Systemd, parse_address
from synchronizer.vitals import Board

#: The most seconds that the monitor, and the master, may be late: systemd's watchdog bites not
#: much later.
LATEST = 20.0


class MonitorPart:
    """The monitor, and the page of metrics that it shows."""

    def __init__(self, monitor: Monitor, page: Page) -> None:
        self._monitor = monitor
        self._page = page

    def run(self) -> None:
        with contextlib.closing(self._page):
            self._monitor.run()

    def stop(self) -> None:
        self._monitor.stop()


class MonitorService(PartService):
    name = "monitor"

    def __init__(
        self,
        worker_id: int,
        settings: Settings,
        board: Board,
        numbers: Numbers,
        outdated: Callable[[str], bool] = lambda name: False,
        *,
        systemd: Systemd,
    ) -> None:
        super().__init__(worker_id, settings, board, numbers, outdated)
        self._board = board
        self._numbers = numbers
        self._systemd = systemd

    @classmethod
    def grace(cls, settings: Settings) -> float:
        return min(LATEST, settings.monitor.hang_timeout)

    def make(self) -> Part:
        page = make_page(self.settings, self._numbers, self._board)
        monitor = Monitor(
            self._board,
            os.getppid(),
            listen=parse_address(self.settings.monitor.listen),
            metrics=page.read,
            on_replaced=HangTally(self.recorder, (vital.name for vital in self._board.all())),
            systemd=self._systemd,
            pulse=self.heart,
        )
        return MonitorPart(monitor, page)
