# SPDX-License-Identifier: Apache-2.0
import threading
from collections.abc import Callable

import pytest

from synchronizer import errors
from synchronizer.sampling.backoff import Backoff
from synchronizer.sampling.pace import Pace, Stopped
from synchronizer.sampling.schedule import PollLoop
from tests.unit.sampling.source import VirtualClock


class Polled:
    """A loop, what it polls, and what it told."""

    def __init__(self, clock: VirtualClock, interval: float | None = 60.0) -> None:
        self.clock = clock
        self.poll: Callable[[], None] = lambda: None
        self.told: list[str] = []
        self.fatal: list[BaseException] = []
        self.began: list[float] = []
        self.stop = threading.Event()
        self.loop = PollLoop(
            "loop",
            self._poll,
            interval=interval,
            early_gap=10.0,
            backoff=Backoff(1.0, 300.0, lambda low, high: high),
            clock=clock,
            stop=self.stop,
            failing=lambda error: self.told.append(type(error).__name__),
            working=lambda: self.told.append("works"),
            on_fatal=self.fatal.append,
            uniform=lambda low, high: high,
        )

    def _poll(self) -> None:
        self.began.append(self.clock.seconds)
        self.poll()

    def left(self) -> float:
        seconds = self.loop.seconds_left()
        assert seconds is not None
        return seconds


def raising(error: BaseException) -> Callable[[], None]:
    def poll() -> None:
        raise error

    return poll


def test_polls_begin_an_interval_apart_however_long_they_take(clock: VirtualClock) -> None:
    polled = Polled(clock)
    polled.poll = lambda: setattr(clock, "seconds", clock.seconds + 20)
    polled.loop.once()
    assert polled.left() == pytest.approx(40)


def test_a_poll_longer_than_its_interval_leaves_a_breath(clock: VirtualClock) -> None:
    polled = Polled(clock)
    polled.poll = lambda: setattr(clock, "seconds", clock.seconds + 100)
    polled.loop.once()
    assert polled.left() == pytest.approx(10)


def test_an_early_poll_keeps_its_gap(clock: VirtualClock) -> None:
    polled = Polled(clock)
    polled.loop.once()
    clock.seconds += 3
    polled.loop.wake()
    assert polled.left() == pytest.approx(7)


def test_being_woken_during_a_poll_asks_for_another(clock: VirtualClock) -> None:
    polled = Polled(clock, interval=None)
    assert polled.loop.seconds_left() is None
    polled.poll = polled.loop.wake
    polled.loop.once()
    assert polled.left() == pytest.approx(10)
    polled.poll = lambda: None
    polled.loop.once()
    assert polled.loop.seconds_left() is None


def test_failures_back_off_up_to_a_cap_and_a_success_forgets_them(clock: VirtualClock) -> None:
    polled = Polled(clock)
    polled.poll = raising(errors.SourceUnavailable())
    pauses = []
    for _ in range(11):
        polled.loop.once()
        pauses.append(polled.left())
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    polled.poll = lambda: None
    polled.loop.once()
    polled.poll = raising(errors.SourceUnavailable())
    polled.loop.once()
    assert polled.left() == 1


def test_a_service_that_names_a_time_is_not_asked_before_it(clock: VirtualClock) -> None:
    polled = Polled(clock)
    polled.poll = raising(errors.SourceBusy(retry_after=500))
    polled.loop.once()
    polled.loop.wake()  # nor when somebody wants it early
    assert polled.left() == pytest.approx(550)


def test_what_an_operator_must_mend_is_tried_slowly(clock: VirtualClock) -> None:
    polled = Polled(clock)
    polled.poll = raising(errors.NotPermitted())
    polled.loop.once()
    assert polled.left() == 300


def test_an_error_that_the_plugin_did_not_name_is_a_failure_like_others(
    clock: VirtualClock,
) -> None:
    polled = Polled(clock)
    polled.poll = raising(KeyError("surprise"))
    assert polled.loop.once()
    assert (polled.told, polled.left()) == (["KeyError"], 1)


@pytest.mark.parametrize("error", [errors.Fenced(), errors.LedgerUnusable()])
def test_what_cannot_be_survived_ends_the_loop(
    clock: VirtualClock, error: errors.SynchronizerError
) -> None:
    polled = Polled(clock)
    polled.poll = raising(error)
    assert not polled.loop.once()
    assert (polled.fatal, polled.told) == ([error], [])


def test_a_stopped_loop_ends_without_a_failure(clock: VirtualClock) -> None:
    polled = Polled(clock)
    polled.poll = raising(Stopped())
    assert not polled.loop.once()
    assert polled.told == []


def test_the_loop_polls_when_it_is_due_until_the_stop(clock: VirtualClock) -> None:
    polled = Polled(clock)
    start = clock.seconds

    def poll() -> None:
        if len(polled.began) == 3:
            polled.stop.set()

    polled.poll = poll
    polled.loop.run()
    assert polled.began == [start, start + 60, start + 120]


def test_a_pace_is_shared_and_ends_with_the_worker(clock: VirtualClock) -> None:
    stop = threading.Event()
    pace = Pace(10.0, stop, clock)
    start = clock.seconds
    for _ in range(5):
        pace.step()
    assert clock.seconds - start == pytest.approx(0.4)
    stop.set()
    with pytest.raises(Stopped):
        pace.step()
