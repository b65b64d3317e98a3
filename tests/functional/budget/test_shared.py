# SPDX-License-Identifier: Apache-2.0
"""One budget of several processes."""

import pathlib
import subprocess
import sys
from collections.abc import Iterator

import pytest

from synchronizer import errors
from synchronizer.budget import Limits, places, shared
from synchronizer.budget.counts import HOLDERS


class Asking:
    def __init__(self, path: pathlib.Path, in_flight: int, per_minute: int, wanted: int) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "tests.functional.budget.asking", str(path),
                str(in_flight), str(per_minute), str(wanted),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        assert self.line() == "ready"

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def lines(self) -> list[str]:
        assert self.process.stdout is not None
        return self.process.stdout.read().splitlines()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


@pytest.fixture
def started() -> Iterator[list[Asking]]:
    found: list[Asking] = []
    yield found
    for asking in found:
        asking.kill()


def test_processes_together_have_no_more_under_way(
    tmp_path: pathlib.Path, started: list[Asking]
) -> None:
    started += [Asking(tmp_path, 2, 0, 0), *(Asking(tmp_path, 2, 0, 100) for _ in range(2))]
    holding, *others = started
    holding.go()
    assert holding.line() == "under way"
    for of in others:
        of.go()
    spans = [tuple(map(float, line.split())) for of in others for line in of.lines()]
    assert len(spans) == 200
    steps = sorted([(began, 1) for began, _ in spans] + [(ended, -1) for _, ended in spans])
    under_way = most = 0
    for _, step in steps:
        under_way += step
        most = max(most, under_way)
    assert most == 1  # beside the one that holds


def test_what_a_killed_process_had_under_way_is_taken_back(
    tmp_path: pathlib.Path, started: list[Asking]
) -> None:
    started.append(Asking(tmp_path, 1, 0, 0))
    started[0].go()
    assert started[0].line() == "under way"
    started.append(Asking(tmp_path, 1, 0, 1))
    started[1].go()
    assert started[1].process.poll() is None
    started[0].kill()
    assert len(started[1].lines()) == 1


def test_a_killed_process_s_requests_still_count(
    tmp_path: pathlib.Path, started: list[Asking]
) -> None:
    budget = shared(tmp_path, "one", "things", Limits(1, 1))
    started.append(Asking(tmp_path, 1, 1, 0))
    started[0].go()
    assert started[0].line() == "under way"
    started[0].kill()
    budget._place.reap(budget._monotonic())
    assert sum(budget._place.counts.flying()) == 0
    assert sum(budget._place.counts.ended(budget._monotonic())) == 1
    budget.close()


def test_a_pause_holds_for_all_and_outlives_who_was_told(tmp_path: pathlib.Path) -> None:
    one = shared(tmp_path, "one", "things", Limits())
    other = shared(tmp_path, "one", "things", Limits())
    one.pause(500)
    one.close()
    third = shared(tmp_path, "one", "things", Limits())
    for budget in (other, third):
        assert budget._attempt(0, 0.0) > 0  # type: ignore[arg-type]
        budget.close()


def test_other_services_and_clouds_have_their_own(tmp_path: pathlib.Path) -> None:
    paused = shared(tmp_path, "one", "things", Limits())
    paused.pause(500)
    for cloud, service in (("one", "other"), ("two", "things")):
        budget = shared(tmp_path, cloud, service, Limits())
        with budget.request():
            budget.close()
    paused.close()


def test_what_an_earlier_boot_of_the_machine_left_is_forgotten(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = shared(tmp_path, "one", "things", Limits())
    before.pause(500)
    before.close()
    monkeypatch.setattr(places, "_boot", lambda: b"another boot....")
    budget = shared(tmp_path, "one", "things", Limits())
    with budget.request():
        budget.close()


def test_more_processes_than_there_is_room_for_are_told(tmp_path: pathlib.Path) -> None:
    budgets = [shared(tmp_path, "one", "things", Limits()) for _ in range(HOLDERS)]
    with pytest.raises(errors.BadConfiguration, match=f"{HOLDERS} processes"):
        shared(tmp_path, "one", "things", Limits())
    for budget in budgets:
        budget.close()


def test_a_directory_that_cannot_be_made_is_told(tmp_path: pathlib.Path) -> None:
    (tmp_path / "budget").write_text("not a directory")
    with pytest.raises(errors.BadConfiguration, match="budget"):
        shared(tmp_path, "one", "things", Limits())
