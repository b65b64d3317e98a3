# SPDX-License-Identifier: Apache-2.0
import logging
import os
import signal
import subprocess
import sys

import pytest

from synchronizer.monitor.replacing import REPLACED_WITHIN, REPORTING, Replacing, parent_of
from synchronizer.vitals import AS_A_WHOLE, Vital

MASTER = 7


class Killing:
    """Notes who would be killed; all are children of the master but those of `others`."""

    def __init__(self, *others: int, fails: bool = False) -> None:
        self.killed: list[tuple[int, int]] = []
        self.asked: list[tuple[int, int]] = []
        self.replaced: list[str] = []
        self._fails = fails
        self.replacing = Replacing(
            MASTER,
            on_replaced=self.replaced.append,
            kill=self._kill,
            parent=lambda pid: None if pid in others else MASTER,
        )

    def _kill(self, pid: int, with_: int) -> None:
        if self._fails:
            raise PermissionError(1, "not permitted")
        (self.killed if with_ == signal.SIGKILL else self.asked).append((pid, with_))


def vital(pid: int = 70, starts: int = 1, name: str = "relay", activity: str = AS_A_WHOLE) -> Vital:
    return Vital(name, pid, starts, progress=100.0, activity=activity)


def test_a_process_is_killed_once_and_the_reason_told(caplog: pytest.LogCaptureFixture) -> None:
    killing = Killing()
    for second in range(5):
        assert killing.replacing.see_to([vital()], 160.0 + second)
    assert killing.killed == [(70, signal.SIGKILL)]
    assert killing.replaced == ["relay"]
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.getMessage() == (
        "relay (pid 70) makes no progress for 60 s (the process as a whole); it is killed and"
        " started again"
    )
    assert not killing.asked  # it could not answer


def test_where_other_threads_run_they_report_what_it_is_doing_first() -> None:
    killing = Killing()
    stuck = vital(activity="relay: publishes")
    assert killing.replacing.see_to([stuck], 160.0)
    assert killing.replacing.see_to([stuck], 159.0 + REPORTING)
    assert (killing.asked, killing.killed) == ([(70, signal.SIGUSR2)], [])
    killing.replacing.see_to([stuck], 160.0 + REPORTING)
    assert killing.killed == [(70, signal.SIGKILL)]
    killing.replacing.see_to([stuck], 161.0 + REPORTING)
    assert (len(killing.asked), len(killing.killed)) == (1, 1)


def test_who_goes_on_after_all_is_left_alone() -> None:
    killing = Killing()
    killing.replacing.see_to([vital(activity="relay: publishes")], 160.0)
    killing.replacing.see_to([], 161.0)
    killing.replacing.see_to([], 170.0)
    assert not killing.killed


def test_its_successor_is_killed_as_well_if_it_hangs() -> None:
    killing = Killing()
    killing.replacing.see_to([vital()], 100.0)
    killing.replacing.see_to([vital(71, starts=2)], 101.0)
    assert [pid for pid, _ in killing.killed] == [70, 71]


def test_hope_ends_when_nobody_starts_it_again() -> None:
    killing = Killing()
    assert killing.replacing.see_to([vital()], 100.0)
    assert killing.replacing.see_to([vital()], 99.0 + REPLACED_WITHIN)
    assert not killing.replacing.see_to([vital()], 100.0 + REPLACED_WITHIN)
    assert killing.replacing.see_to([], 101.0 + REPLACED_WITHIN)
    assert killing.replacing.see_to([vital(71, 2)], 102.0 + REPLACED_WITHIN)


def test_whoever_has_the_pid_now_is_not_killed() -> None:
    killing = Killing(70)
    killing.replacing.see_to([vital(), vital(0, name="broker")], 100.0)
    assert not killing.killed
    assert not killing.replaced


def test_who_cannot_be_killed_is_told(caplog: pytest.LogCaptureFixture) -> None:
    killing = Killing(fails=True)
    killing.replacing.see_to([vital()], 100.0)
    assert caplog.messages[-1] == "relay cannot be killed: not permitted"
    assert not killing.replaced


def test_the_parent_of_a_process_is_found() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert parent_of(child.pid) == os.getpid()
    finally:
        child.communicate(b"\n")
    assert parent_of(child.pid) is None
