# SPDX-License-Identifier: Apache-2.0
"""The loop of the process that watches over the others."""

import threading
import time
from collections.abc import Callable

from oslo_log import log as logging

from synchronizer.monitor.announcing import Announcing
from synchronizer.monitor.judge import Judge
from synchronizer.monitor.replacing import Replacing
from synchronizer.monitor.report import report
from synchronizer.monitor.server import Metrics, Server
from synchronizer.monitor.systemd import Systemd
from synchronizer.vitals import NO_PULSE, Board, Phase, Pulse

LOG = logging.getLogger(__name__)

#: Seconds between two looks.
LOOK = 1.0

#: Names of the places on the board that are not the monitor's to replace.
MASTER, SELF = "master", "monitor"


class Monitor:
    """`master`: its pid. `listen`: host and port of health and metrics; None: nowhere.
    `on_replaced` is told the name of each process that hung, and was killed."""

    def __init__(
        self,
        board: Board,
        master: int,
        *,
        listen: tuple[str, int] | None = None,
        metrics: Metrics | None = None,
        systemd: Systemd | None = None,
        on_replaced: Callable[[str], None] = lambda name: None,
        pulse: Pulse = NO_PULSE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._board = board
        self._pulse = pulse
        self._clock = clock
        self._judge = Judge()
        self._replacing = Replacing(master, on_replaced=on_replaced)
        self._announcing = Announcing(systemd or Systemd())
        self._server = Server(listen, lambda: self._report, metrics)
        self._stopping = threading.Event()
        self._report = report(board.all(), (), clock())
        self._hopeless = False

    def run(self) -> None:
        """Until `stop`."""
        self._server.start()
        try:
            while not self._stopping.is_set():
                self._pulse.expect(LOOK, "looks at the others")
                self.look()
                self._stopping.wait(LOOK)
        finally:
            self._server.stop()
            if self._board.read(MASTER).phase is Phase.ENDING:
                self._announcing.stopping()

    def stop(self) -> None:
        self._stopping.set()

    def look(self) -> None:
        """Once."""
        now = self._clock()
        vitals = self._board.all()
        late = self._judge.overdue((v for v in vitals if v.name != SELF), now)
        hope = self._replacing.see_to((v for v in late if v.name != MASTER), now)
        hope = hope and not any(vital.name == MASTER for vital in late)
        self._report = report(vitals, {vital.name for vital in late}, now)
        self._announcing.tell(self._report, hope=hope)
        if not hope and not self._hopeless:
            LOG.error(
                "%s; the daemon cannot mend that by itself, and has to be restarted",
                self._report.status,
            )
        self._hopeless = not hope
