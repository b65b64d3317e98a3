# SPDX-License-Identifier: Apache-2.0
"""Numbers in shared memory, as their writers leave them."""

import multiprocessing
import os
import signal
from multiprocessing.connection import Connection

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synchronizer.metrics import catalogue
from synchronizer.metrics.numbers import Numbers, Region
from synchronizer.metrics.recorder import Recorder

FORK = multiprocessing.get_context("fork")
PATIENCE = 60.0
KILLS = 20


def test_a_name_has_its_number_wherever_it_is_read() -> None:
    numbers = Numbers(["one", "two"])
    region = numbers.of("one")
    first, second = region.append("a"), region.append("a longer name ÄÖ")
    assert first is not None
    assert second is not None
    region[first], region[second] = 1.5, -2.0
    assert list(numbers.all()) == [("a", 1.5), ("a longer name ÄÖ", -2.0)]
    assert region.places() == {"a": first, "a longer name ÄÖ": second}


@settings(deadline=None)
@given(st.lists(st.text(max_size=40), max_size=30, unique=True))
def test_all_names_that_were_appended_are_found(names: list[str]) -> None:
    region = Region(1 << 16)
    places = {name: region.append(name) for name in names}
    assert region.places() == places


def test_a_full_region_takes_no_more_and_keeps_what_it_has() -> None:
    region = Region(4096)
    kept: dict[str, int] = {}
    while (place := region.append(f"name {len(kept)}")) is not None:
        kept[f"name {len(kept)}"] = place
        region[place] = float(len(kept))
    assert len(kept) > 50
    assert region.places() == kept
    assert [region[place] for place in kept.values()] == [*range(1, len(kept) + 1)]


@pytest.mark.parametrize("written", range(0, 40, 4))
def test_a_name_whose_writer_was_killed_is_written_anew(written: int) -> None:
    """However much of it was there: only the words in front make it count."""
    region, whole = Region(4096), Region(4096)
    assert region.append("first") == whole.append("first")
    begin = 8 + whole._used[0]
    assert whole.append("killed in the middle") is not None
    region._bytes[begin : begin + written] = whole._bytes[begin : begin + written]
    assert list(region.places()) == ["first"]
    region.append("next")
    assert list(region.places()) == ["first", "next"]


def test_a_name_that_is_just_being_written_is_not_in_sight() -> None:
    """Another machine's memory may show the words in front before the name."""
    region = Region(4096)
    region.append("first")
    begin = 8 + region._used[0]
    region.append("second")
    region._bytes[begin + 8 : begin + 12] = bytes(4)
    assert list(region.places()) == ["first"]


def count_for_ever(numbers: Numbers, life: int, told: Connection) -> None:
    """Counts, and says so from time to time; a killed one leaves off anywhere."""
    recorder = Recorder(numbers.of("worker"))
    number = 0
    while True:
        number += 1
        recorder.count(catalogue.CHANGES, cloud="c", type="t.x", op="create")
        recorder.observe(catalogue.COMMIT_SECONDS, 0.004)
        recorder.count(catalogue.COMMIT_FAILURES, error=f"Of{life}Number{number % 50}")
        if number % 100 == 0:
            told.send(100)


@pytest.mark.filterwarnings("ignore:Using fork:DeprecationWarning")
def test_no_number_falls_when_its_process_is_killed_again_and_again() -> None:
    numbers = Numbers(["worker"])
    before: dict[str, float] = {}
    acknowledged = 0
    for life in range(KILLS):
        mine, childs = FORK.Pipe(duplex=False)
        child = FORK.Process(target=count_for_ever, args=(numbers, life, childs))
        child.start()
        childs.close()
        assert mine.poll(PATIENCE)
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        child.join(PATIENCE)
        assert child.exitcode == -signal.SIGKILL
        try:
            while True:
                acknowledged += mine.recv()
        except EOFError:
            now = dict(numbers.all())
        assert all(now[name] >= number for name, number in before.items())
        before = now
    created = next(number for name, number in now.items() if '"create"' in name)
    assert created >= acknowledged >= KILLS * 100
    committed = [v for k, v in now.items() if "commit_seconds" in k and '"sum"' not in k]
    # Each of those killed may have been between two numbers.
    assert created - KILLS <= sum(committed) <= created
