# SPDX-License-Identifier: Apache-2.0
"""The master's own signs of life, and what it does and says of other processes."""

import dataclasses
import os
import signal

import pytest

from synchronizer.daemon import master
from synchronizer.daemon.master import MASTER, MONITOR, Master
from synchronizer.vitals import Board, Phase


class Mastered:
    """A master whose thread the test is. `supervises`: whether its supervisor is there;
    `started`: the pids of its processes."""

    def __init__(self) -> None:
        self.board = Board(["relay", MONITOR, MASTER])
        self.supervises = True
        self.killed: list[tuple[int, int]] = []
        graces = {"relay": 120.0, MONITOR: 20.0}
        self.started: dict[str, int] = {}
        self.children = {101, 102}
        self.now = 1000.0
        self.replaced: list[str] = []
        self.master = Master(
            self.board,
            20.0,
            graces,
            lambda: self.supervises,
            self.started.get,
            on_replaced=self.replaced.append,
            clock=lambda: self.now,
        )

    def passes(self, name: str) -> None:
        """The deadline of this process."""
        self.board.write(dataclasses.replace(self.board.read(name), due=0.001))

    @property
    def due(self) -> float:
        return self.board.read(MASTER).due


@pytest.fixture
def mastered(monkeypatch: pytest.MonkeyPatch) -> Mastered:
    made = Mastered()
    monkeypatch.setattr("os.kill", lambda pid, number: made.killed.append((pid, number)))
    ours = {True: os.getpid(), False: 1}
    monkeypatch.setattr(master, "parent_of", lambda pid: ours[pid in made.children])
    return made


def test_it_beats_as_long_as_it_can_start_processes(
    mastered: Mastered, caplog: pytest.LogCaptureFixture
) -> None:
    first = mastered.due
    mastered.now += 1
    mastered.master.look()
    assert mastered.due > first
    last, mastered.supervises = mastered.due, False
    for _ in range(3):
        mastered.master.look()
    assert mastered.due == last
    assert caplog.messages == ["The master cannot start processes any more; restart the daemon"]


def test_a_monitor_that_is_overdue_is_killed_once(
    mastered: Mastered, caplog: pytest.LogCaptureFixture
) -> None:
    mastered.started[MONITOR] = 101
    mastered.board.slot(MONITOR).write(due=0.001, activity="looks at the others")
    for _ in range(3):
        mastered.master.look()
    assert mastered.killed == [(101, signal.SIGKILL)]
    assert caplog.messages == [
        "monitor (pid 101) makes no progress (looks at the others); it is killed and started again"
    ]
    mastered.started[MONITOR] = 102
    mastered.board.slot(MONITOR).write(due=0.002)  # its successor hangs as well
    mastered.master.look()
    assert len(mastered.killed) == 2
    assert mastered.replaced == [MONITOR, MONITOR]


def test_whoever_has_the_pid_of_a_monitor_that_is_gone_is_not_killed(mastered: Mastered) -> None:
    mastered.board.slot(MONITOR)
    mastered.master.dead(MONITOR, -9)
    mastered.passes(MONITOR)
    mastered.master.look()
    mastered.started[MONITOR] = 103
    mastered.master.look()
    assert not mastered.killed
    assert not mastered.replaced


def test_a_process_that_hangs_before_its_first_word_is_killed(
    mastered: Mastered, caplog: pytest.LogCaptureFixture
) -> None:
    assert mastered.board.read("relay").due > 0
    mastered.started["relay"] = 101
    mastered.passes("relay")
    mastered.master.look()
    assert mastered.killed == [(101, signal.SIGKILL)]
    assert mastered.replaced == ["relay"]
    assert caplog.messages == [
        "relay (pid 101) makes no progress (it has not begun); it is killed and started again"
    ]


def test_who_hangs_later_is_left_to_the_monitor(mastered: Mastered) -> None:
    mastered.started["relay"] = 101
    mastered.board.slot("relay").write(phase=Phase.RUNNING, due=0.001)
    mastered.master.look()
    assert not mastered.killed


def test_a_reload_that_hangs_is_no_progress(mastered: Mastered) -> None:
    mastered.master.reload_begins()
    mastered.master.look()
    for _ in range(100):
        mastered.now += 1
        mastered.master.look()
    assert mastered.due < mastered.now
    mastered.master.reload_ends()
    mastered.master.look()
    assert mastered.now < mastered.due


def test_a_process_that_is_gone_is_absent_and_its_end_is_told(
    mastered: Mastered, caplog: pytest.LogCaptureFixture
) -> None:
    mastered.board.slot("relay").write(phase=Phase.RUNNING)
    for code in (-9, -39, 2, 0):
        mastered.master.dead("relay", code)
    found = mastered.board.read("relay")
    assert (found.phase, found.due - found.since) == (Phase.ABSENT, 120.0)
    assert caplog.messages == [
        "relay was killed by SIGKILL; it is started again",
        "relay was killed by signal 39; it is started again",
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
