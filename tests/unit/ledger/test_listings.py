# SPDX-License-Identifier: Apache-2.0
"""Turns to list: never two at once, and who waits is served by a later one, whatever happens."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from synchronizer import errors
from synchronizer.ledger import Ledger, Listings, StreamState
from synchronizer.ledger.engine import Database
from synchronizer.ledger.instant import database_now
from synchronizer.model import StreamKey
from tests.unit.ledger.builders import KEY, T0

SECOND = 1_000_000
LEASE = 20.0


class Time:
    """The database's clock, as the test sets it."""

    def __init__(self) -> None:
        self.now = T0

    def __call__(self, connection: Any) -> int:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def listings(ledger: Ledger, url: str, time: Time) -> Iterator[Listings]:
    database = Database(url)
    yield Listings(database, now=time)
    database.close()


def begin(listings: Listings, stream: StreamState, holder: str) -> int | None:
    return listings.begin(stream.id, stream.fence, holder, T0, LEASE)


def test_the_database_tells_the_time(ledger: Ledger, url: str) -> None:
    database = Database(url)
    with database.read() as connection:
        first = database_now(connection)
    with database.read() as connection:
        second = database_now(connection)
    database.close()
    assert T0 < first <= second  # of today, in microseconds


def test_one_listing_runs_at_a_time(listings: Listings, stream: StreamState) -> None:
    assert begin(listings, stream, "a") == 1
    assert begin(listings, stream, "b") is None
    state = listings.state(stream.id)
    assert (state.begun, state.proven, state.running, state.began_at) == (1, 0, True, T0)
    listings.proven(stream.id, 1, "a")
    state = listings.state(stream.id)
    assert (state.begun, state.proven, state.running, state.began_at) == (1, 1, False, None)
    assert begin(listings, stream, "b") == 2


def test_a_number_that_a_restored_backup_does_not_know_proves_nothing_there(
    listings: Listings, stream: StreamState
) -> None:
    listings.proven(stream.id, 7, "it began before the backup was restored")
    assert listings.state(stream.id).proven == 0


def test_streams_do_not_wait_for_each_other(
    listings: Listings, ledger: Ledger, stream: StreamState
) -> None:
    other = ledger.ensure_stream(StreamKey("openstack2", "nova.server"), "rules 1")
    assert begin(listings, stream, "a") == 1
    assert begin(listings, other, "b") == 1


def test_the_turn_of_one_who_was_killed_ends_by_itself(
    listings: Listings, stream: StreamState, time: Time
) -> None:
    assert begin(listings, stream, "killed") == 1
    time.now += int(LEASE * SECOND) - 1
    assert begin(listings, stream, "b") is None
    time.now += 1
    assert begin(listings, stream, "b") == 2
    assert not listings.renew(stream.id, 1, "killed", LEASE)


def test_a_renewed_turn_goes_on(listings: Listings, stream: StreamState, time: Time) -> None:
    begin(listings, stream, "a")
    for _ in range(5):
        time.now += int(LEASE * SECOND) - 1
        assert listings.renew(stream.id, 1, "a", LEASE)
    assert begin(listings, stream, "b") is None


def test_a_clock_that_is_set_back_holds_nothing_up_for_long(
    listings: Listings, stream: StreamState, time: Time
) -> None:
    begin(listings, stream, "killed")
    time.now -= 3600 * SECOND
    assert begin(listings, stream, "b") == 2
    listings.failed(stream.id, 2, "b", problem="503", since=T0, pause=60)
    time.now -= 7200 * SECOND
    assert begin(listings, stream, "c") == 3


def test_a_claim_of_the_stream_ends_the_turn_of_whoever_was_fenced(
    listings: Listings, ledger: Ledger, stream: StreamState
) -> None:
    begin(listings, stream, "old")
    claimed = ledger.claim(stream.id, "worker")
    assert not listings.state(stream.id).running
    with pytest.raises(errors.Fenced):
        begin(listings, stream, "who does not know it")
    assert begin(listings, claimed, "worker") == 2
    assert not listings.renew(stream.id, 1, "old", LEASE)
    listings.release(stream.id, 1, "old")
    assert listings.state(stream.id).running


def test_a_failure_makes_everybody_wait_and_is_forgotten_after_a_success(
    listings: Listings, stream: StreamState, time: Time
) -> None:
    begin(listings, stream, "a")
    listings.failed(stream.id, 1, "a", problem="503", since=T0 + 1, pause=10)
    assert begin(listings, stream, "b") is None
    state = listings.state(stream.id)
    assert (state.failures, state.pause, state.problem, state.since) == (1, 10.0, "503", T0 + 1)
    time.now += 10 * SECOND
    assert begin(listings, stream, "b") == 2
    listings.failed(stream.id, 2, "b", problem="504", since=T0 + 2, pause=20)
    state = listings.state(stream.id)
    assert (state.failures, state.problem, state.since) == (2, "504", T0 + 1)
    time.now += 20 * SECOND
    begin(listings, stream, "c")
    listings.proven(stream.id, 3, "c")
    state = listings.state(stream.id)
    assert (state.failures, state.pause, state.problem, state.since) == (0, 0.0, None, None)


def test_a_listing_that_needs_another_one_is_no_problem_but_makes_it_wait(
    listings: Listings, stream: StreamState
) -> None:
    begin(listings, stream, "a")
    listings.failed(stream.id, 1, "a", problem=None, since=T0, pause=10, counts=False)
    state = listings.state(stream.id)
    assert (state.failures, state.pause, state.problem, state.since) == (0, 10.0, None, None)


def test_a_proof_counts_even_when_the_turn_was_lost(
    listings: Listings, stream: StreamState, time: Time
) -> None:
    begin(listings, stream, "slow")
    time.now += int(LEASE * SECOND)
    assert begin(listings, stream, "b") == 2
    listings.proven(stream.id, 1, "slow")
    state = listings.state(stream.id)
    assert (state.proven, state.running) == (1, True)
    listings.proven(stream.id, 2, "b")
    listings.proven(stream.id, 1, "slow")
    assert listings.state(stream.id).proven == 2


def test_what_is_asked_of_the_worker_only_rises_and_never_runs_ahead(
    listings: Listings, stream: StreamState
) -> None:
    listings.want(stream.id, 1)
    listings.want(stream.id, 5)  # nobody can need it: the next one is the first
    assert listings.state(stream.id).wanted == 1
    begin(listings, stream, "a")
    listings.want(stream.id, 2)
    listings.want(stream.id, 1)
    assert listings.state(stream.id).wanted == 2


def test_a_stream_that_is_not_there_is_told(listings: Listings) -> None:
    with pytest.raises(errors.NotFound):
        listings.state(77)


class Turns(RuleBasedStateMachine):
    """Processes that list, are killed, are fenced, lose their turn; callers that wait.

    Only a forward step of the database's clock may end a turn that is being renewed, so
    time passes here by less than a lease, and whoever lives renews.
    """

    ledger: ClassVar[Ledger]
    database: ClassVar[Database]
    number: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        Turns.number += 1
        self.time = Time()
        self.listings = Listings(self.database, now=self.time)
        key = StreamKey(f"cloud{Turns.number}", KEY.type)
        self.stream = self.ledger.ensure_stream(key, "rules 1")
        self.fence = self.stream.fence
        self.now = 0  # the order of events, which no process knows
        self.running: dict[str, tuple[int, int]] = {}  # holder -> (listing, its begin)
        self.killed: dict[str, tuple[int, int]] = {}
        self.proven_begin: dict[int, int] = {}
        self.begins: dict[int, int] = {}
        self.callers: list[tuple[int, int]] = []  # (instant of the call, listing that will do)
        self.holders = 0

    def tick(self) -> int:
        self.now += 1
        return self.now

    @rule()
    def call(self) -> None:
        self.callers.append((self.tick(), self.listings.state(self.stream.id).begun + 1))

    @rule()
    def try_to_begin(self) -> None:
        self.holders += 1
        holder = f"h{self.holders}"
        number = self.listings.begin(self.stream.id, self.fence, holder, T0, LEASE)
        if number is not None:
            assert not self.running, "two listings run"
            assert number not in self.begins
            self.begins[number] = self.tick()
            self.running[holder] = (number, self.begins[number])

    @precondition(lambda self: self.running)
    @rule(proven=st.booleans(), pause=st.sampled_from([0, 5, 50]))
    def end(self, proven: bool, pause: int) -> None:
        holder, (number, began) = self.running.popitem()
        if proven:
            self.proven_begin[number] = began
            self.listings.proven(self.stream.id, number, holder)
        else:
            self.listings.failed(
                self.stream.id, number, holder, problem="no", since=T0, pause=pause
            )

    @precondition(lambda self: self.running)
    @rule()
    def kill(self) -> None:
        holder, listing = self.running.popitem()
        self.killed[holder] = listing

    @precondition(lambda self: self.killed)
    @rule()
    def one_thought_dead_says_that_it_proved(self) -> None:
        holder, (number, began) = self.killed.popitem()
        self.proven_begin[number] = began
        self.listings.proven(self.stream.id, number, holder)

    @rule()
    def claim(self) -> None:
        self.fence = self.ledger.claim(self.stream.id, "worker").fence
        self.killed.update(self.running)  # fenced: what it commits is refused
        self.running.clear()

    @rule(seconds=st.sampled_from([1, 10, 19]))
    def time_passes(self, seconds: int) -> None:
        self.time.now += seconds * SECOND
        for holder, (number, _) in self.running.items():
            assert self.listings.renew(self.stream.id, number, holder, LEASE)

    @invariant()
    def callers_are_satisfied_by_later_listings_only(self) -> None:
        proven = self.listings.state(self.stream.id).proven
        for called, number in self.callers:
            if proven >= number:
                assert self.proven_begin[proven] > called
        self.callers = [caller for caller in self.callers if caller[1] > proven]

    def teardown(self) -> None:
        """Whatever happened, the next listing serves all who wait, and there is one soon."""
        for holder, (number, _) in self.running.items():
            self.listings.release(self.stream.id, number, holder)
        self.time.now += 60 * SECOND
        number = self.listings.begin(self.stream.id, self.fence, "last", T0, LEASE)
        assert number is not None
        self.proven_begin[number] = self.tick()
        self.listings.proven(self.stream.id, number, "last")
        self.callers_are_satisfied_by_later_listings_only()
        assert self.callers == []


class TestTurns(Turns.TestCase):  # type: ignore[name-defined, misc]
    settings = settings(max_examples=25, stateful_step_count=25, deadline=None)

    @pytest.fixture(autouse=True)
    def _ledger(self, tmp_path: Path) -> Iterator[None]:
        url = f"sqlite:///{tmp_path}/ledger"
        Turns.ledger = Ledger.open(url, state_path=tmp_path / "state", migrate=True)
        Turns.database = Database(url)
        yield
        Turns.database.close()
        Turns.ledger.close()
