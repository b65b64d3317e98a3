# SPDX-License-Identifier: Apache-2.0
"""What sampling says of its progress: within how long it is heard of again, and why."""

import threading
from collections.abc import Iterator

import pytest

from synchronizer import errors
from synchronizer.ledger import Ledger
from synchronizer.model import EntityType
from synchronizer.plugin import Page, queueing
from synchronizer.plugin.budget import Meter, Metered, Purpose, metered, waiting
from synchronizer.sampling import turns
from synchronizer.sampling.backoff import Backoff
from synchronizer.sampling.clock import Watched
from synchronizer.sampling.schedule import PollLoop
from synchronizer.vitals import STEP
from tests.support.pulse import RESTS, Heard
from tests.unit.sampling.bench import Bench
from tests.unit.sampling.source import Listed, Source, VirtualClock

PATIENCE = 60.0


@pytest.fixture
def heard() -> Heard:
    return Heard()


class Slow(Source):
    """Waits for its budget in the middle of a page."""

    @property
    def patience(self) -> float:
        return 333.0

    def get_all(self, type_: EntityType) -> Iterator[Page]:
        for page in Listed.get_all(self, type_):
            with Crowded().request():
                yield page


class Crowded(Metered):
    """A budget that lets one wait twice."""

    def enter(self, purpose: Purpose) -> None:
        waiting()
        waiting()

    def leave(self, purpose: Purpose) -> None:
        return

    def pause(self, seconds: float) -> None:
        return


def test_a_page_may_take_the_plugins_patience_and_waiting_for_the_budget_is_no_standing_still(
    ledger: Ledger, clock: VirtualClock, heard: Heard
) -> None:
    source = Slow(clock)
    source.put("a")
    bench = Bench(ledger, source, clock, pulse=heard)
    heard.taken()
    bench.listing()
    asks, waits = (333.0, "asks test"), (STEP, "waits until it asks test")
    words = heard.taken()
    first = words.index(asks)
    assert words[first : first + 6] == [
        asks,
        waits,
        waits,
        asks,
        (STEP, "records what it saw"),
        (STEP, "records changes"),
    ]
    assert words[-1] == (STEP, "records a listing")


def filled(clock: VirtualClock, entities: int) -> Source:
    source = Source(clock)
    for number in range(entities):
        source.put(f"{number:04}")
    return source


def test_restoring_may_take_longer_the_more_there_is(
    ledger: Ledger, clock: VirtualClock, heard: Heard
) -> None:
    source = filled(clock, 1000)
    source.page_size = 500
    Bench(ledger, source, clock).listing()
    Bench(ledger, source, clock, pulse=heard)
    restores = [seconds for seconds, doing in heard.words if doing == "restores c1/test.thing"]
    assert restores == [STEP, STEP + 2.0]


def test_restoring_amid_the_work_may_take_as_long(
    ledger: Ledger, clock: VirtualClock, heard: Heard
) -> None:
    source = filled(clock, 1000)
    bench = Bench(ledger, source, clock, pulse=heard)
    bench.listing()
    ledger.new_epoch(bench.state.id, "test")
    heard.taken()
    with pytest.raises(errors.Refused):
        bench.sampling.sampler.catch_up()
    assert (STEP + 2.0, "restores c1/test.thing") in heard.taken()


def test_other_rules_make_progress_by_the_page(
    ledger: Ledger, clock: VirtualClock, heard: Heard
) -> None:
    source = filled(clock, 1200)
    source.page_size = 600
    Bench(ledger, source, clock).listing()
    Bench(ledger, source, clock, pulse=heard, volatile=frozenset({"state"}))
    assert heard.words.count((STEP, "")) >= 3


def test_whoever_waits_by_the_clock_says_for_how_long(clock: VirtualClock, heard: Heard) -> None:
    Watched(clock, heard).wait(threading.Event(), 600.0)
    assert heard.words == [(600.0, "waits"), (STEP, "")]


def polling(clock: VirtualClock, heard: Heard, stop: threading.Event) -> PollLoop:
    def poll() -> None:
        stop.set()

    return PollLoop(
        "loop",
        poll,
        interval=60.0,
        backoff=Backoff(1.0, 300.0, lambda low, high: high),
        clock=Watched(clock, heard),
        stop=stop,
        failing=lambda error: None,
        working=lambda: None,
        on_fatal=lambda error: None,
        pulse=heard,
    )


def test_a_loop_that_ends_as_it_should_rests(clock: VirtualClock, heard: Heard) -> None:
    polling(clock, heard, threading.Event()).run()
    assert heard.words == [(STEP, ""), RESTS]


def test_a_loop_that_a_fault_ends_is_missed(
    clock: VirtualClock, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = polling(clock, heard, threading.Event())

    def fail() -> float | None:
        raise MemoryError

    monkeypatch.setattr(loop, "seconds_left", fail)
    with pytest.raises(MemoryError):
        loop.run()
    assert RESTS not in heard.words


def test_who_waits_for_a_turn_is_not_the_one_that_is_stuck(
    heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "WORD", 0.001)
    lock = turns.Turns(heard)

    def wait() -> None:
        with lock:
            heard.words.append((0.0, "has it"))

    with lock:
        other = threading.Thread(target=wait)
        other.start()
        assert heard.said.wait(PATIENCE)
    other.join(PATIENCE)
    assert heard.words[0] == (STEP, "waits for its turn")
    assert heard.words[-2:] == [(STEP, ""), (0.0, "has it")]


def test_who_waits_for_another_threads_token_is_not_the_one_that_is_stuck(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queueing, "WORD", 0.001)
    lock, said, words = queueing.Queueing(), threading.Event(), list[str]()

    def waits() -> None:
        words.append("waits")
        said.set()

    def wait() -> None:
        with metered(Purpose.LOOK, waits, lambda: words.append("asks")), lock:
            words.append("has it")

    with lock:
        other = threading.Thread(target=wait)
        other.start()
        assert said.wait(PATIENCE)
    other.join(PATIENCE)
    assert words[0] == "waits"
    assert words[-2:] == ["asks", "has it"]


def test_outside_of_all_questions_waiting_is_nobodys_business() -> None:
    waiting()
    assert Meter(Purpose.LOOK).on_wait() is None  # type: ignore[func-returns-value]
