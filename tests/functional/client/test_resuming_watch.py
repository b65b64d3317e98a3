# SPDX-License-Identifier: Apache-2.0
"""`synchronizer watch --resume`: nothing is missed between two runs, whatever ended the first."""

import json
import pathlib
import signal
import subprocess
from typing import Any

import pytest

from tests.functional.client.commands import Commands
from tests.functional.client.service import Service, server
from tests.support.waiting import until

Processes = list[subprocess.Popen[str]]


class Run:
    """One run, line by line."""

    def __init__(self, commands: Commands, processes: Processes, file: pathlib.Path) -> None:
        self.process = commands.start("watch", "nova.server", "--resume", str(file))
        processes.append(self.process)

    def line(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line: dict[str, Any] = json.loads(self.process.stdout.readline())
        return line

    def lines(self, count: int) -> list[tuple[str, int]]:
        """Event and revision of so many lines."""
        return [(line["event"], line["revision"]) for line in (self.line() for _ in range(count))]

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


@pytest.fixture
def file(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "token"


def test_a_later_run_tells_what_happened_since_and_nothing_twice(
    service: Service, commands: Commands, processes: Processes, file: pathlib.Path
) -> None:
    first = Run(commands, processes, file)
    assert first.lines(3) == [("added", 1), ("added", 2), ("synced", 2)]
    until("the first token", file.exists)
    token = file.read_text()
    service.put({**server(0), "status": "ERROR"})
    assert first.lines(1) == [("updated", 3)]
    until("the next token", lambda: file.read_text() != token)
    assert first.end(signal.SIGTERM) == 143

    service.put(server(2), {**server(0), "status": "ACTIVE"})
    service.drop("e1")
    second = Run(commands, processes, file)
    assert second.lines(4) == [("added", 4), ("updated", 5), ("deleted", 6), ("synced", 6)]
    service.put(server(3))
    assert second.lines(1) == [("added", 7)]
    assert second.end(signal.SIGTERM) == 143


def test_what_is_told_again_after_a_kill_is_told_by_its_revisions(
    service: Service, commands: Commands, processes: Processes, file: pathlib.Path
) -> None:
    first = Run(commands, processes, file)
    assert first.lines(3)[-1] == ("synced", 2)
    until("the first token", file.exists)
    service.put({**server(0), "status": "ERROR"})
    assert first.lines(1) == [("updated", 3)]
    assert first.end(signal.SIGKILL) == -signal.SIGKILL

    service.put({**server(0), "status": "ACTIVE"})
    second = Run(commands, processes, file)
    told = []
    while (line := second.line())["event"] != "synced":
        told.append(line["revision"])
    assert told in ([4], [3, 4]), "nothing is missed, and nothing older comes again"


def test_changes_that_the_ledger_has_forgotten_are_told_anew(
    service: Service, commands: Commands, processes: Processes, file: pathlib.Path
) -> None:
    first = Run(commands, processes, file)
    assert first.lines(3)[-1] == ("synced", 2)
    until("the first token", file.exists)
    assert first.end(signal.SIGTERM) == 143
    service.put({**server(0), "status": "ERROR"})
    service.drop("e1")
    service.wait_published()
    service.compact()

    second = Run(commands, processes, file)
    resynced = second.line()
    assert resynced["event"] == "resynced" and resynced["reason"]
    assert second.lines(2) == [("added", 3), ("synced", 4)]


def test_a_file_that_holds_no_token_is_refused_with_the_way_out(
    commands: Commands, file: pathlib.Path
) -> None:
    file.write_text("nonsense\n")
    status, out, err = commands.run("watch", "nova.server", "--resume", str(file))
    assert (status, out) == (1, "")
    (line,) = err.splitlines()
    assert str(file) in line and "remove the file to begin anew" in line
    assert file.read_text() == "nonsense\n", "it is left for somebody to look at"
