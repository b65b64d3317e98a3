# SPDX-License-Identifier: Apache-2.0
"""Whatever ends the demonstration, nothing of it is left."""

import contextlib
import os
import pty
import select
import signal
import subprocess
import time

import pytest

from tests.acceptance.demo.staging import Staged
from tests.support.waiting import until

#: Seconds in which it has to be gone.
ENDING = 15.0
CTRL_C = b"\x03"


class Terminal:
    """The demonstration on a terminal of its own, as its controlling one."""

    def __init__(self, staged: Staged, *arguments: str) -> None:
        self.seen = ""
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            ["setsid", "--ctty", "--wait", *staged.argv(*arguments)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=staged.cwd,
            env={**staged.environment, "TERM": "xterm", "COLUMNS": "100", "LINES": "40"},
        )
        os.close(theirs)

    def read_until(self, text: str, patience: float) -> None:
        end = time.monotonic() + patience
        while text not in self.seen:
            assert time.monotonic() < end, f"{text!r} was not shown: {self.seen[-3000:]}"
            self.read(0.2)

    def read(self, seconds: float) -> None:
        if select.select([self._ours], [], [], seconds)[0]:
            with contextlib.suppress(OSError):  # the terminal is closed: it has ended
                self.seen += os.read(self._ours, 65536).decode(errors="replace")

    def type(self, keys: bytes) -> None:
        os.write(self._ours, keys)

    def wait(self, patience: float) -> int:
        end = time.monotonic() + patience
        while self.process.poll() is None:
            assert time.monotonic() < end, f"it goes on: {self.seen[-3000:]}"
            self.read(0.1)
        return self.process.returncode

    def close(self) -> None:
        os.close(self._ours)


def test_ctrl_c_ends_it_with_a_verdict_and_nothing_is_left(staged: Staged) -> None:
    terminal = Terminal(staged, "--servers", "100")
    try:
        terminal.read_until("the copy follows", 60)
        terminal.read_until("~", 30)  # a change is shown
        before = time.monotonic()
        terminal.type(CTRL_C)
        status = terminal.wait(ENDING)
        terminal.read(1)
        assert time.monotonic() - before < ENDING
        # On a busy machine the last changes may come later than anybody wants to wait.
        verdict = "The copy equals the cloud" if status == 0 else "Interrupted before the last"
        assert status in (0, 130)
        assert verdict in terminal.seen
        assert "requests to the cloud's API" in terminal.seen
        assert "Traceback" not in terminal.seen
        assert "is away" not in terminal.seen
    finally:
        terminal.close()
    assert staged.processes() == []
    assert staged.left() == []


@pytest.mark.parametrize(
    ("at", "number"),
    [
        ("Starting the daemon", signal.SIGINT),
        ("lists all servers", signal.SIGTERM),
        ("the copy follows", signal.SIGTERM),
        ("the copy follows", signal.SIGHUP),
    ],
)
def test_a_signal_ends_it_and_nothing_is_left(
    staged: Staged, at: str, number: signal.Signals
) -> None:
    with staged.start("--servers", "100") as process:
        assert process.stdout is not None
        while at not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(number)
        _, told = process.communicate(timeout=ENDING)
    assert process.returncode in ((0, 130) if number is signal.SIGINT else (128 + number,))
    assert "Traceback" not in told
    assert staged.processes() == []
    assert staged.left() == []


def test_nothing_runs_on_after_the_demonstration_is_killed(staged: Staged) -> None:
    with staged.start("--servers", "100") as process:
        assert process.stdout is not None
        while "the copy follows" not in process.stdout.readline():
            assert process.poll() is None
        found = len(staged.processes())
        process.kill()
    # The demonstration, the simulated cloud, the master, and its four processes.
    assert found >= 7
    until("the end of its processes", lambda: not staged.processes(), ENDING)
