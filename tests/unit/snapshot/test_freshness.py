# SPDX-License-Identifier: Apache-2.0
import threading

import pytest

from synchronizer import errors
from synchronizer.snapshot import token
from synchronizer.snapshot.freshness import Freshness, InVain, NoLister
from tests.unit.publishing.support import Author
from tests.unit.snapshot.conftest import LISTED

SECOND = 1_000_000


class Scripted:
    """Lists at once, or never, as the test says; what began then is recorded and proven."""

    def __init__(self, author: Author, began: int | None) -> None:
        self.author = author
        self.began = began
        self.wanted: list[int] = []

    def want(self, stream, number):
        self.wanted.append(number)
        if self.began is not None:
            prove(self.author, self.began)
        return True


def prove(author: Author, began: int) -> None:
    """A whole listing, by somebody."""
    listings = author.ledger.listings
    number = listings.begin(author.state.id, author.state.fence, "somebody", began, 60)
    assert number is not None
    author.listed(began)
    listings.proven(author.state.id, number, "somebody")


def freshness(author: Author, began: int | None, now: int = LISTED) -> tuple[Freshness, Scripted]:
    lister = Scripted(author, began)
    return Freshness(author.ledger, lister, now=lambda: now, timeout=60 if began else 0), lister


def test_without_max_age_the_recorded_state_will_do_however_old(author) -> None:
    fresh, lister = freshness(author, None, now=LISTED + 10**12)
    assert fresh.settle(author.state, None).listed_at == LISTED
    assert lister.wanted == []


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
    fresh, lister = freshness(author, None, now=LISTED + 30 * SECOND)
    assert fresh.settle(author.state, 30).listed_at == LISTED
    assert lister.wanted == []


def test_max_age_waits_for_a_listing_that_began_late_enough(author) -> None:
    now = LISTED + 60 * SECOND
    fresh, lister = freshness(author, now - 5 * SECOND, now=now)
    assert fresh.settle(author.state, 10).listed_at == now - 5 * SECOND
    assert lister.wanted == [1]


def test_max_age_zero_takes_no_listing_that_began_before_the_call(author) -> None:
    now = LISTED + 60 * SECOND
    listings = author.ledger.listings
    running = listings.begin(author.state.id, author.state.fence, "earlier", now - 1, 60)
    fresh, lister = freshness(author, None, now=now)
    with pytest.raises(errors.Listing) as told:
        fresh.settle(author.state, 0)
    assert lister.wanted == [2]
    # Not even if its process's clock says that it began later.
    author.listed(now + SECOND)
    listings.proven(author.state.id, running, "earlier")
    with pytest.raises(errors.Listing):
        fresh.resume(author.ledger.state(author.state.id), token.decode(told.value.cursor))
    prove(author, now - 5)  # begun after the call, whatever the clocks say
    answer = fresh.resume(author.ledger.state(author.state.id), token.decode(told.value.cursor))
    assert answer.id == author.state.id


def test_max_age_waits_for_a_running_listing_that_is_young_enough(author) -> None:
    now = LISTED + 60 * SECOND
    listings = author.ledger.listings
    listings.begin(author.state.id, author.state.fence, "earlier", now - SECOND, 60)
    fresh, lister = freshness(author, None, now=now)
    with pytest.raises(errors.Listing):
        fresh.settle(author.state, 5)
    assert lister.wanted == [1]


def test_a_token_waits_on_for_its_listing_and_demands_no_newer_one(author) -> None:
    fresh, lister = freshness(author, None)
    with pytest.raises(errors.Listing) as told:
        fresh.settle(author.state, 0)
    cursor = told.value.cursor
    prove(author, LISTED + SECOND)
    later, lister = freshness(author, None)
    state = later.resume(author.ledger.state(author.state.id), token.decode(cursor))
    assert state.listed_at == LISTED + SECOND
    assert lister.wanted == []


def test_a_token_of_another_epoch_or_of_no_listing_that_can_be_asks_anew(author) -> None:
    fresh, lister = freshness(author, None)
    with pytest.raises(errors.Listing) as told:
        fresh.settle(author.state, 0)
    prove(author, LISTED + SECOND)
    author.ledger.new_epoch(author.state.id, "test")
    state = author.ledger.state(author.state.id)
    with pytest.raises(errors.Listing):
        fresh.resume(state, token.decode(told.value.cursor))
    assert lister.wanted[-1] == 2
    made_up = token.Token("openstack1", "nova.server", state.epoch, 10**9, None)
    with pytest.raises(errors.Listing):
        fresh.resume(state, made_up)
    assert lister.wanted[-1] == 2


def test_a_new_epoch_during_the_wait_asks_for_a_listing_in_it(author) -> None:
    wanted = []

    class Renewing:
        def want(self, stream, number):
            wanted.append((stream.epoch, number))
            if len(wanted) == 1:
                prove_and_lose(author)
            return True

    def prove_and_lose(author):
        prove(author, LISTED + SECOND)
        author.ledger.new_epoch(author.state.id, "test")

    with pytest.raises(errors.Listing):
        Freshness(author.ledger, Renewing(), timeout=0.2, poll=0.01).settle(author.state, 0)
    epoch = author.ledger.state(author.state.id).epoch
    assert wanted[0] == (author.state.epoch, 1)
    assert set(wanted[1:]) == {(epoch, 2)}


def test_where_no_process_lists_the_worker_is_asked_to_once(author) -> None:
    listings = author.ledger.listings
    with pytest.raises(errors.ServiceUnavailable) as told:
        Freshness(author.ledger, NoLister(), timeout=0).settle(author.state, 0)
    assert not isinstance(told.value, errors.Listing)
    assert listings.state(author.state.id).wanted == 1
    number = listings.begin(author.state.id, author.state.fence, "worker", LISTED, 60)
    with pytest.raises(errors.Listing):  # the worker lists
        Freshness(author.ledger, NoLister(), timeout=0).resume(
            author.state, token.decode(told.value.cursor)
        )
    listings.failed(
        author.state.id, number, "worker", problem="truncated", since=LISTED, pause=0, counts=False
    )
    with pytest.raises(errors.ServiceUnavailable, match="truncated"):
        Freshness(author.ledger, NoLister(), timeout=0).resume(
            author.state, token.decode(told.value.cursor)
        )
    assert listings.state(author.state.id).wanted == 2


def test_a_source_that_fails_is_told_with_the_time_until_the_next_try(author) -> None:
    listings = author.ledger.listings
    number = listings.begin(author.state.id, author.state.fence, "x", LISTED, 60)
    listings.failed(author.state.id, number, "x", problem="503", since=LISTED, pause=40)
    # At once, as no listing may begin within these seconds.
    fresh = Freshness(author.ledger, Scripted(author, None), timeout=30)
    with pytest.raises(errors.ServiceUnavailable, match="503") as told:
        fresh.settle(author.state, 0)
    assert not isinstance(told.value, errors.Listing)
    assert 0 < told.value.retry_after <= 40
    assert told.value.since == "2023-11-14T22:13:20.000000Z"


def test_callers_beyond_the_places_are_turned_away_at_once_with_a_token(author) -> None:
    waiting, go_on = threading.Event(), threading.Event()

    class Slow:
        def want(self, stream, number):
            waiting.set()
            if not go_on.is_set() and threading.current_thread() is first:
                go_on.wait(60)
                prove(author, LISTED + SECOND)
            return True

    fresh = Freshness(author.ledger, Slow(), most=1)
    first = threading.Thread(target=fresh.settle, args=(author.state, 0))
    first.start()
    try:
        assert waiting.wait(60)
        with pytest.raises(errors.Listing, match="too many callers") as caught:
            fresh.settle(author.state, 0)
        assert caught.value.retry_after == 1.0
    finally:
        go_on.set()
        first.join(60)
    again = fresh.resume(author.ledger.state(author.state.id), token.decode(caught.value.cursor))
    assert again.listed_at == LISTED + SECOND


def test_the_first_listing_is_seen_when_it_is_committed(ledger, make_endpoint) -> None:
    author = Author(ledger)
    answers = []
    asking = threading.Thread(
        target=lambda: answers.append(make_endpoint().get_all({}, "nova.server"))
    )
    asking.start()
    author.put({"id": "a"})
    author.listed(LISTED)
    asking.join(60)
    assert answers[0]["listed_at"] is not None
    assert [item["id"] for item in answers[0]["entities"]] == ["a"]


def test_a_token_comes_back_as_cursor_and_belongs_to_one_stream(author, make_endpoint) -> None:
    endpoint = make_endpoint(first_listing_timeout=0.0)
    with pytest.raises(errors.ServiceUnavailable) as told:
        endpoint.get_all({}, "nova.server", max_age=0)
    cursor = told.value.cursor
    with pytest.raises(errors.BadCursor, match="is of openstack1/nova"):
        endpoint.get_all({}, "cinder.volume", cursor=cursor)
    with pytest.raises(errors.BadCursor):
        endpoint.get_all({}, "nova.server", cursor=cursor[:-4])
    prove(author, LISTED + SECOND)
    page = endpoint.get_all({}, "nova.server", cursor=cursor)
    assert (page["cursor"], page["entities"]) == (None, [])
    with pytest.raises(errors.BadCursor):
        endpoint.get_all({}, "nova.server", cursor=token.PREFIX + "e30=")


def test_who_lists_can_end_the_wait(author) -> None:
    class Ended:
        def want(self, stream, number):
            raise InVain

    with pytest.raises(errors.ServiceUnavailable, match="none comes"):
        Freshness(author.ledger, Ended(), timeout=3600).settle(author.state, 0)
