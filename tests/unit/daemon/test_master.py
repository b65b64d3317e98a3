# SPDX-License-Identifier: Apache-2.0
"""The master's own signs of life, and what it says of processes that end."""

import signal

import pytest

from synchronizer.daemon.master import MASTER, MONITOR, Master
from synchronizer.vitals import Board, Phase


class Mastered:
    """A master whose thread the test is. `supervises`: whether its supervisor is there."""

    def __init__(self) -> None:
        self.board = Board(["relay", MONITOR, MASTER])
        self.supervises = True
        self.killed: list[tuple[int, int]] = []
        graces = {"relay": 120.0, MONITOR: 20.0}
        self.master = Master(self.board, 20.0, graces, lambda: self.supervises)

    @property
    def due(self) -> float:
        return self.board.read(MASTER).due


@pytest.fixture
def mastered(monkeypatch: pytest.MonkeyPatch) -> Mastered:
    made = Mastered()
    monkeypatch.setattr("os.kill", lambda pid, number: made.killed.append((pid, number)))
    return made


def test_it_beats_as_long_as_it_can_start_processes(
    mastered: Mastered, caplog: pytest.LogCaptureFixture
) -> None:
    first = mastered.due
    mastered.master.look()
    assert mastered.due > first
    last, mastered.supervises = mastered.due, False
    for _ in range(3):
        mastered.master.look()
    assert mastered.due == last
    assert caplog.messages == ["The master cannot start processes any more; restart the daemon"]


def test_a_monitor_that_is_overdue_is_killed_once(mastered: Mastered) -> None:
    slot = mastered.board.slot(MONITOR)
    slot.write(due=0.001)
    for _ in range(3):
        mastered.master.look()
    assert mastered.killed == [(slot.vital.pid, signal.SIGKILL)]
    mastered.board.slot(MONITOR).write(due=0.002)  # its successor hangs as well
    mastered.master.look()
    assert len(mastered.killed) == 2


def test_a_process_that_is_gone_is_absent_and_its_end_is_told(
    mastered: Mastered, caplog: pytest.LogCaptureFixture
) -> None:
    mastered.board.slot("relay").write(phase=Phase.RUNNING)
    for code in (-9, 2, 0):
        mastered.master.dead("relay", code)
    found = mastered.board.read("relay")
    assert (found.phase, found.due - found.since) == (Phase.ABSENT, 120.0)
    assert caplog.messages == [
        "relay was killed by SIGKILL; it is started again",
        "relay ended with status 2; it is started again",
    ]


def test_a_reload_and_the_end_stand_on_the_board(mastered: Mastered) -> None:
    mastered.master.reload_begins()
    assert (mastered.board.read(MASTER).phase, mastered.board.read(MASTER).turn) == (
        Phase.RELOADING,
        1,
    )
    mastered.master.reload_ends()
    assert mastered.board.read(MASTER).phase is Phase.RUNNING
    mastered.master.ends(15.0)
    mastered.master.reload_ends()
    assert mastered.board.read(MASTER).phase is Phase.ENDING
