# SPDX-License-Identifier: Apache-2.0
"""The process that watches over the others, and tells how they are."""

import os
from collections.abc import Callable

from synchronizer.conf import Settings
from synchronizer.daemon.service import Part, PartService
from synchronizer.monitor import Monitor, Systemd, parse_address
from synchronizer.vitals import Board

#: The most seconds that the monitor may be late: systemd's watchdog bites not much later.
LATEST = 20.0


class MonitorService(PartService):
    name = "monitor"

    def __init__(
        self,
        worker_id: int,
        settings: Settings,
        board: Board,
        outdated: Callable[[str], bool] = lambda name: False,
        *,
        systemd: Systemd,
    ) -> None:
        super().__init__(worker_id, settings, board, outdated)
        self._board = board
        self._systemd = systemd

    @classmethod
    def grace(cls, settings: Settings) -> float:
        return min(LATEST, settings.monitor.hang_timeout)

    def make(self) -> Part:
        return Monitor(
            self._board,
            os.getppid(),
            listen=parse_address(self.settings.monitor.listen),
            systemd=self._systemd,
            pulse=self.heart,
        )
