# SPDX-License-Identifier: Apache-2.0
"""When the next request to a service may be sent."""

import errno
import os
import pathlib
import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synchronizer import errors
from synchronizer.budget.counts import WINDOW
from synchronizer.budget.limited import LONGEST_PAUSE, PATIENCE, Limited, Limits
from synchronizer.budget.places import Here, Shared
from synchronizer.plugin.budget import Meter, Purpose, Stopped, metered

LISTING, CHANGES, LOOK = Purpose.LISTING, Purpose.CHANGES, Purpose.LOOK


class Source:
    """A service whose requests take no time unless they are left under way."""

    def __init__(self, max_in_flight: int = 100, requests_per_minute: int = 0) -> None:
        self.now = 1000.0
        self.budget = Limited(
            "one/things",
            Here(),
            Limits(max_in_flight, requests_per_minute),
            monotonic=lambda: self.now,
        )

    def may(self, purpose: Purpose, began: float | None = None) -> bool:
        """Whether a request is let in now; then it is under way."""
        return self.budget._attempt(purpose, self.now if began is None else began) == 0

    def send(self, purpose: Purpose) -> bool:
        allowed = self.may(purpose)
        if allowed:
            self.budget.leave(purpose)
        return allowed

    def sends(self, purpose: Purpose, most: int = 10_000) -> int:
        return next(n for n in range(most) if not self.send(purpose))


def test_no_more_requests_are_under_way_than_allowed() -> None:
    source = Source(max_in_flight=2)
    assert source.may(CHANGES)
    assert source.may(LOOK)
    assert not source.may(CHANGES)
    source.budget.leave(LOOK)
    assert source.may(CHANGES)


def test_listings_leave_one_place_to_others() -> None:
    source = Source(max_in_flight=3)
    assert source.may(LISTING)
    assert source.may(LISTING)
    assert not source.may(LISTING)
    assert source.may(LOOK)


def test_where_there_is_one_place_a_listing_lets_others_go_first_for_a_while() -> None:
    source = Source(max_in_flight=1)
    assert source.may(LISTING)
    assert not source.may(CHANGES)  # waits
    source.budget.leave(LISTING)
    began = source.now
    assert not source.may(LISTING, began)
    assert source.may(CHANGES)
    assert not source.may(LOOK)
    source.now += PATIENCE
    assert not source.may(LOOK)
    source.budget.leave(CHANGES)
    assert source.may(LISTING, began)


def test_no_purpose_takes_all_of_a_minute() -> None:
    source = Source(requests_per_minute=100)
    assert source.sends(LISTING) == 70
    assert source.sends(LOOK) == 20
    assert source.sends(CHANGES) == 10
    source.now += WINDOW + 1
    assert source.sends(CHANGES) == 70
    assert source.sends(LOOK) == 30


@pytest.mark.parametrize("budget", [1, 2, 3])
@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_small_budget_serves_everybody(budget: int, purpose: Purpose) -> None:
    assert 1 <= Source(requests_per_minute=budget).sends(purpose) <= budget


def test_a_request_counts_until_a_minute_after_its_answer() -> None:
    source = Source(requests_per_minute=1)
    assert source.may(LISTING)
    source.now += 500
    assert not source.may(CHANGES)
    source.budget.leave(LISTING)
    source.now += 60
    assert not source.may(CHANGES)
    source.now += WINDOW - 60 + 0.5
    assert source.may(CHANGES)


@given(
    st.lists(
        st.tuples(st.floats(0, 9), st.sampled_from(Purpose), st.floats(0, 70)),
        max_size=300,
    ),
    st.integers(1, 20),
)
def test_no_window_of_a_minute_holds_more_whenever_requests_arrive(
    steps: list[tuple[float, Purpose, float]], budget: int
) -> None:
    """Each request arrives at some instant between its sending and its answer."""
    source = Source(requests_per_minute=budget)
    arrived: list[float] = []
    flying: list[tuple[float, Purpose]] = []
    for gap, purpose, takes in steps:
        until = source.now + gap
        for end, of in sorted(flying):
            if end <= until:
                source.now = end
                source.budget.leave(of)
                flying.remove((end, of))
        source.now = until
        if source.may(purpose):
            arrived.append(source.now if len(arrived) % 2 else source.now + takes)
            flying.append((source.now + takes, purpose))
    arrived.sort()
    for at, later in zip(arrived, arrived[budget:], strict=False):
        assert later - at >= 60


def test_nothing_is_sent_before_the_service_s_pause_is_over() -> None:
    source = Source()
    source.budget.pause(30)
    source.budget.pause(5)
    source.now += 29
    assert not any(source.may(purpose) for purpose in Purpose)
    source.now += 1.01
    assert source.may(LISTING)


def test_a_pause_of_years_is_one_of_a_day() -> None:
    source = Source()
    source.budget.pause(float("inf"))
    source.now += LONGEST_PAUSE + 1
    assert source.may(LISTING)


def test_who_waits_ends_at_the_stop() -> None:
    budget = Limited("one/things", Here(), Limits())
    budget.pause(1000)
    caught: list[type[BaseException]] = []

    def wait() -> None:
        try:
            with budget.request():
                caught.append(AssertionError)
        except Stopped as stopped:
            caught.append(type(stopped))

    thread = threading.Thread(target=wait)
    thread.start()
    budget.stop()
    thread.join(60)
    assert caught == [Stopped]


def test_who_waits_goes_on_when_another_request_has_its_answer() -> None:
    budget = Limited("one/things", Here(), Limits(max_in_flight=1))
    sent = threading.Event()

    def send() -> None:
        with budget.request():
            sent.set()

    with budget.request():
        thread = threading.Thread(target=send)
        thread.start()
        assert not sent.is_set()
    assert sent.wait(60)
    thread.join(60)


def test_a_request_within_a_request_is_part_of_it() -> None:
    budget = Limited("one/things", Here(), Limits(max_in_flight=1))
    with metered(LOOK) as meter, budget.request(), budget.request():
        assert meter.calls == 0
    assert meter.calls == 1
    assert meter.seconds > 0


def test_a_request_that_fails_is_over() -> None:
    budget = Limited("one/things", Here(), Limits(max_in_flight=1))
    with metered(LISTING) as meter:
        for _ in range(2):
            with pytest.raises(ZeroDivisionError), budget.request():
                raise ZeroDivisionError
    assert meter.calls == 2


def test_what_comes_after_the_end_is_stopped_and_harms_nothing() -> None:
    budget = Limited("one/things", Here(), Limits())
    with budget.request():
        budget.close()
    budget.pause(5)
    with pytest.raises(Stopped), budget.request():
        raise AssertionError


@pytest.mark.parametrize("make", [lambda: Limits(0, 600), lambda: Limits(4, -1)])
def test_limits_that_let_nothing_pass_are_refused(make: Callable[[], Limits]) -> None:
    with pytest.raises(errors.BadConfiguration):
        make()


def test_a_meter_knows_what_for() -> None:
    assert Meter(CHANGES) == Meter(CHANGES, calls=0, seconds=0.0, waited=0.0)


def test_a_disk_without_room_for_it_is_told_before_anything_is_written(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_file: int, _offset: int, _length: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(errors.BadConfiguration, match="No space left"):
        Shared(tmp_path / "nova")
