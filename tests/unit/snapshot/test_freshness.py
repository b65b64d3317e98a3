# SPDX-License-Identifier: Apache-2.0
import threading

import pytest

from synchronizer import errors
from synchronizer.snapshot.freshness import Freshness, NextListing
from tests.unit.publishing.support import Author
from tests.unit.snapshot.conftest import LISTED

SECOND = 1_000_000


class Scripted:
    """A listing that comes at once, or never, as the test says."""

    def __init__(self, author: Author, began: int | None) -> None:
        self.author = author
        self.began = began
        self.asked: list[int] = []

    def wait(self, stream, began_after, deadline):
        self.asked.append(began_after)
        if self.began is None or self.began < began_after:
            return None
        self.author.listed(self.began)
        return self.author.ledger.state(stream.id)


def freshness(author: Author, began: int | None, now: int = LISTED) -> tuple[Freshness, Scripted]:
    listings = Scripted(author, began)
    return Freshness(author.ledger, listings, now=lambda: now), listings


def test_without_max_age_the_recorded_state_will_do_however_old(author) -> None:
    fresh, listings = freshness(author, None, now=LISTED + 10**12)
    assert fresh.settle(author.state, None).listed_at == LISTED
    assert listings.asked == []


def test_without_max_age_the_first_listing_is_waited_for(ledger) -> None:
    author = Author(ledger)
    fresh, _ = freshness(author, LISTED)
    assert fresh.settle(author.state, None).listed_at == LISTED


def test_a_first_listing_that_does_not_come_is_told_with_its_reason(ledger) -> None:
    author = Author(ledger)
    ledger.set_condition(author.state.id, "401 from keystone")
    fresh, _ = freshness(author, None)
    with pytest.raises(errors.ServiceUnavailable, match="401 from keystone") as caught:
        fresh.settle(author.state, None)
    details = caught.value.kwargs
    assert details["condition"] == "401 from keystone"
    assert details["since"].endswith("Z")
    assert details["listed_at"] is None


def test_max_age_takes_a_listing_that_is_young_enough(author) -> None:
    fresh, listings = freshness(author, None, now=LISTED + 30 * SECOND)
    assert fresh.settle(author.state, 30).listed_at == LISTED
    assert listings.asked == []


def test_max_age_waits_for_a_listing_that_began_late_enough(author) -> None:
    now = LISTED + 60 * SECOND
    fresh, listings = freshness(author, now - 5 * SECOND, now=now)
    assert fresh.settle(author.state, 10).listed_at == now - 5 * SECOND
    assert listings.asked == [now - 10 * SECOND]


def test_max_age_zero_is_satisfied_only_by_a_listing_that_began_after_the_call(author) -> None:
    now = LISTED + 60 * SECOND
    early, listings = freshness(author, now - 1, now=now)
    with pytest.raises(errors.ServiceUnavailable, match="of the last 0 s"):
        early.settle(author.state, 0)
    assert listings.asked == [now]
    late, _ = freshness(author, now, now=now)
    assert late.settle(author.state, 0).listed_at == now


def test_callers_beyond_the_places_are_turned_away_at_once(ledger) -> None:
    author = Author(ledger)
    waiting, go_on = threading.Event(), threading.Event()

    class Slow:
        def wait(self, stream, began_after, deadline):
            waiting.set()
            go_on.wait(10)
            author.listed(LISTED)
            return ledger.state(stream.id)

    fresh = Freshness(ledger, Slow(), most=1)
    first = threading.Thread(target=fresh.settle, args=(author.state, None))
    first.start()
    try:
        assert waiting.wait(10)
        with pytest.raises(errors.ServiceUnavailable, match="too many callers") as caught:
            fresh.settle(author.state, None)
        assert caught.value.retry_after == 1.0
    finally:
        go_on.set()
        first.join(10)
    assert fresh.settle(author.state, None).listed_at == LISTED


def test_the_next_listing_is_seen_when_it_is_committed(ledger, make_endpoint) -> None:
    author = Author(ledger)
    answers = []
    asking = threading.Thread(
        target=lambda: answers.append(make_endpoint().get_all({}, "nova.server"))
    )
    asking.start()
    author.put({"id": "a"})
    author.listed(LISTED)
    asking.join(20)
    assert answers[0]["listed_at"] is not None
    assert [item["id"] for item in answers[0]["entities"]] == ["a"]


def test_the_wait_for_the_next_listing_is_bounded(ledger) -> None:
    author = Author(ledger)
    assert NextListing(ledger, poll=0.001).wait(author.state, 0, 0.0) is None
