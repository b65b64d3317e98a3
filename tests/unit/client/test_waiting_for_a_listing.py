# SPDX-License-Identifier: Apache-2.0
import pytest

from synchronizer import errors
from synchronizer.client.requests import LISTING_WAIT, Requests
from synchronizer.client.waiting import first_page, silently

PAGE = {
    "cloud": "c",
    "type": "nova.server",
    "epoch": "e",
    "revision": 7,
    "count": 0,
    "digest": "0" * 32,
    "listed_at": "2026-01-02T03:04:05.000000Z",
    "held": 0,
    "entities": [],
    "cursor": None,
}


class Served:
    """Answers get_all as it is told to, and notes what it was asked."""

    def __init__(self, *answers) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str | None, float | None]] = []

    def call(self, method, *, deadline=None, **arguments):
        self.asked.append((arguments["cursor"], deadline))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        self.now += 30.0
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def first(served: Served, clock: Clock, timeout: float, waiting=silently):
    requests = Requests(served, 10.0)
    return first_page(
        lambda cursor: requests.page("nova.server", None, max_age=0, cursor=cursor),
        timeout,
        waiting,
        clock=clock,
        sleep=clock.sleep,
    )


def test_it_waits_on_with_the_token_that_it_was_given() -> None:
    served = Served(
        errors.Listing(cursor="listing.1"),
        errors.Listing(cursor="listing.2", retry_after=1.0),
        PAGE,
    )
    clock = Clock()
    told: list[float] = []
    page = first(served, clock, 600, lambda what, waited: told.append(waited))
    assert (list(page.items), page.cursor) == ([], None)
    assert [cursor for cursor, _ in served.asked] == [None, "listing.1", "listing.2"]
    # Each of these calls may take as long as the server waits.
    assert {deadline for _, deadline in served.asked} == {10.0 + LISTING_WAIT}
    assert clock.slept == [1.0]
    assert told == [30.0, 60.0]


def test_it_gives_up_at_its_own_deadline_and_tells_the_token() -> None:
    served = Served(*(errors.Listing(cursor=f"listing.{n}") for n in range(9)))
    with pytest.raises(errors.Listing) as told:
        first(served, Clock(), 100)
    assert told.value.cursor == "listing.3"


def test_a_source_that_fails_is_told_at_once() -> None:
    served = Served(errors.ServiceUnavailable("503", cursor="listing.1"), PAGE)
    with pytest.raises(errors.ServiceUnavailable, match="503"):
        first(served, Clock(), 600)
    assert len(served.asked) == 1
