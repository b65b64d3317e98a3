# SPDX-License-Identifier: Apache-2.0
"""`synchronizer health` asks the monitor over HTTP, wherever the configuration has it listen."""

import io
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from synchronizer import errors
from synchronizer.cli.healthz import asked
from synchronizer.cli.main import Synchronizer
from synchronizer.monitor.report import Report, report
from synchronizer.monitor.server import Server
from synchronizer.vitals import Phase, Vital
from tests.support.waiting import until

Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Runs the command with this `listen`; its status, stdout and stderr."""

    def run(listen: str, *arguments: str) -> tuple[int, str, str]:
        path = tmp_path / "synchronizer.conf"
        path.write_text(
            f"[DEFAULT]\nclouds = one\nstate_path = {tmp_path}\nruntime_path = {tmp_path}\n"
            f"[monitor]\nlisten = {listen}\n"
        )
        out, err = io.StringIO(), io.StringIO()
        command = ["--config-file", str(path), "--timeout", "60", *arguments]
        return Synchronizer(stdout=out, stderr=err).run(command), out.getvalue(), err.getvalue()

    return run


class Watched:
    """What the server is told, which a test changes; at `port`."""

    def __init__(self) -> None:
        self.now = report([vital(Phase.RUNNING)], [], 100.0)
        self.server = Server(("127.0.0.1", 0), self.look)
        self.server.start()
        until("the server listens", lambda: self.server.port)
        self.port = self.server.port

    def look(self) -> Report:
        return self.now


def vital(phase: Phase, text: str = "") -> Vital:
    return Vital("worker boston/nova", pid=1, phase=phase, text=text, activity="MainThread")


@pytest.fixture
def watched() -> Iterator[Watched]:
    made = Watched()
    yield made
    made.server.stop()


@pytest.fixture
def nobody() -> Iterator[int]:
    """A port at which nobody listens, and nobody else can."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104
def test_a_daemon_whose_processes_progress_is_healthy(
    ask: Ask, watched: Watched, host: str
) -> None:
    assert ask(f"{host}:{watched.port}", "health") == (0, "1 processes run\n", "")
    assert ask(f"{host}:{watched.port}", "-q", "health", "--ready") == (0, "", "")


def test_one_that_waits_is_healthy_and_not_ready(ask: Ask, watched: Watched) -> None:
    watched.now = report([vital(Phase.WAITING, "for the database")], [], 100.0)
    listen = f"127.0.0.1:{watched.port}"
    assert ask(listen, "health")[0] == 0
    status, out, _ = ask(listen, "health", "--ready")
    assert status == 1
    assert "worker boston/nova waits: for the database: nothing if what it waits for" in out


def test_one_that_hangs_is_told_with_what_to_do(ask: Ask, watched: Watched) -> None:
    watched.now = report([vital(Phase.RUNNING)], ["worker boston/nova"], 100.0)
    status, out, _ = ask(f"127.0.0.1:{watched.port}", "health")
    assert status == 1
    told = "worker boston/nova makes no progress for 100 s (MainThread): nothing; it is killed"
    assert told in out


def test_no_daemon_is_another_status_than_an_unwell_one(ask: Ask, nobody: int) -> None:
    status, out, err = ask(f"127.0.0.1:{nobody}", "health")
    assert (status, out) == (3, "")
    assert err.startswith(
        f"synchronizer: no daemon answers at http://127.0.0.1:{nobody}/healthz (["
    )


def test_something_else_at_that_port_is_no_daemon() -> None:
    server = Server(("127.0.0.1", 0), lambda: report([], [], 0.0), lambda: ("text/plain", b"x"))
    server.start()
    until("the server listens", lambda: server.port)
    try:
        # Other paths of ours stand for another program: it answers, and not so.
        with pytest.raises(errors.NobodyAnswers, match="is another program there"):
            asked(f"127.0.0.1:{server.port}", "/metrics", 60)
        with pytest.raises(errors.NobodyAnswers, match="404"):
            asked(f"127.0.0.1:{server.port}", "/else", 60)
    finally:
        server.stop()


def test_where_nothing_listens_by_configuration_the_command_says_so(ask: Ask) -> None:
    status, _, err = ask("", "health")
    assert status == 1
    assert "listen in [monitor] is empty" in err
