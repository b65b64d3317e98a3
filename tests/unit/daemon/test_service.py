# SPDX-License-Identifier: Apache-2.0
import pathlib
import threading
from collections.abc import Callable

import pytest

from synchronizer import conf, errors
from synchronizer.daemon import service
from synchronizer.daemon.worker import worker_service
from synchronizer.metrics import Numbers
from synchronizer.vitals import Board, Phase


class Scripted(service.PartService):
    """Each making of its part is the next entry of a script."""

    name = "scripted"
    stop_seconds = 0.0

    def __init__(self, settings: conf.Settings, script: list[Callable[[], None]]) -> None:
        super().__init__(0, settings, Board([self.name]), Numbers([self.name]))
        self.script = script
        self.made = 0

    def make(self) -> service.Part:
        step = self.script[self.made]
        self.made += 1
        return Step(step)


class Step:
    def __init__(self, step: Callable[[], None]) -> None:
        self._step = step
        self.stopped = threading.Event()

    def run(self) -> None:
        self._step()

    def stop(self) -> None:
        self.stopped.set()


@pytest.fixture
def settings(tmp_path: pathlib.Path) -> conf.Settings:
    file = tmp_path / "synchronizer.conf"
    file.write_text("[DEFAULT]\nclouds = one\ngraceful_shutdown_timeout = 1\n")
    return conf.load([file])


def raising(error: BaseException) -> Callable[[], None]:
    def step() -> None:
        raise error

    return step


def test_a_part_that_cannot_go_on_is_made_anew(
    settings: conf.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "RETRY_SECONDS", 0.0)
    part = Scripted(settings, [])
    part.script += [
        raising(errors.LedgerUnavailable()),
        raising(errors.BadPlugin()),
        part.terminate,
    ]
    part.run()
    assert part.made == 3


def test_a_fault_ends_the_process_so_that_it_is_started_again(settings: conf.Settings) -> None:
    part = Scripted(settings, [raising(ZeroDivisionError())])
    with pytest.raises(ZeroDivisionError):
        part.run()


def test_ending_stops_the_part_that_runs(settings: conf.Settings) -> None:
    running, told = threading.Event(), threading.Event()

    class Long(Scripted):
        def make(self) -> service.Part:
            step = Step(lambda: (running.set(), step.stopped.wait(240), told.set())[0])  # type: ignore[func-returns-value]
            return step

    part = Long(settings, [])
    thread = threading.Thread(target=part.run)
    thread.start()
    assert running.wait(60)
    part.terminate()
    thread.join(60)
    assert not thread.is_alive()
    assert told.is_set()


def test_a_part_that_is_being_made_is_not_waited_for(settings: conf.Settings) -> None:
    making, made = threading.Event(), threading.Event()

    class Slow(Scripted):
        def make(self) -> service.Part:
            making.set()
            made.wait(60)
            return super().make()

    part = Slow(settings, [lambda: None])
    thread = threading.Thread(target=part.run)
    thread.start()
    assert making.wait(60)
    part.terminate()
    assert thread.is_alive()
    made.set()
    thread.join(60)
    assert not thread.is_alive()


def test_how_it_is_stands_on_the_board(
    settings: conf.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "RETRY_SECONDS", 0.0)
    seen: list[tuple[Phase, str]] = []

    class Seen(Scripted):
        def make(self) -> service.Part:
            vital = self.board.read(self.name)
            seen.append((vital.phase, vital.text))
            return super().make()

    part = Seen(settings, [])

    def last() -> None:
        seen.append((part.board.read("scripted").phase, ""))
        part.terminate()

    part.script += [
        raising(errors.LedgerUnavailable("the ledger is away")),
        raising(errors.BadPlugin("no such plugin")),
        last,
    ]
    part.run()
    assert seen == [
        (Phase.STARTING, ""),
        (Phase.WAITING, "the ledger is away"),
        (Phase.BLOCKED, "no such plugin"),
        (Phase.RUNNING, ""),
    ]
    assert part.board.read("scripted").phase is Phase.ENDING


def test_a_worker_does_not_run_before_its_streams_are_restored(settings: conf.Settings) -> None:
    """The monitor may look at any moment, and tell systemd that all is ready."""
    named = worker_service("one", "nova")
    board = Board([named.name])
    service_ = named(0, settings, board, Numbers([named.name]))
    service_.begins()
    assert board.read(named.name).phase is Phase.RESTORING
