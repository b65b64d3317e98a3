# SPDX-License-Identifier: Apache-2.0
"""Listings on demand, with their threads. The source is in memory; its events are waited for."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from synchronizer import errors
from synchronizer.ledger import Ledger, StreamState
from synchronizer.model import StreamKey
from synchronizer.sampling import Limits, OnDemand, SamplingWorker, TypeSettings
from synchronizer.sampling import Source as ListedBy
from synchronizer.sampling.clock import SystemClock
from synchronizer.sampling.lease import LeasedListing
from tests.support.waiting import until
from tests.unit.sampling.bench import Bench
from tests.unit.sampling.source import Source, VirtualClock

KEY = StreamKey("c1", "test.thing")
QUICK = TypeSettings(
    interval=3600.0, early_gap=0.02, backoff_first=0.02, backoff_most=0.05, settle=0.0
)
CAREFUL = TypeSettings(interval=3600.0, early_gap=3000.0, changes_interval=5.0, settle=3600.0)


class OneSource:
    """Hands the same source out, and counts how often."""

    def __init__(self, source: Source, settings: TypeSettings = QUICK) -> None:
        self.source = source
        self.settings = settings
        self.made = 0
        self.error: errors.SynchronizerError | None = None

    def has(self, key: StreamKey) -> bool:
        return key == KEY

    def make(self, key: StreamKey) -> ListedBy:
        self.made += 1
        if self.error is not None:
            raise self.error
        return ListedBy(self.source, self.settings)


class Counting:
    """How many listings of the source run now, ran at once at most, and ran in all."""

    def __init__(self, source: Source) -> None:
        self.listings = 0
        self.gate: threading.Event | None = None
        self.inside = threading.Event()
        source.on_page = self.page

    def page(self, number: int) -> None:
        if number == 0:
            self.listings += 1
            self.inside.set()
            if self.gate is not None:
                assert self.gate.wait(60)


@pytest.fixture
def taken(bench: Bench, source: Source) -> StreamState:
    """The stream, which a worker has taken over and listed."""
    source.put("a")
    source.put("w", project="p2")
    assert bench.listing().proven
    return bench.state


@pytest.fixture
def make(ledger: Ledger) -> Iterator[Callable[..., OnDemand]]:
    made: list[OnDemand] = []

    def make(sources: OneSource, **limits: float) -> OnDemand:
        one = OnDemand(
            ledger, sources, limits=Limits(**{"poll": 0.01, **limits}), clock=SystemClock()
        )
        made.append(one)
        return one

    yield make
    for one in made:
        one.stop()
    for one in made:
        assert one.wait(60)


def proven(ledger: Ledger, stream: StreamState, on_demand: OnDemand, number: int) -> None:
    """Waits as a caller does."""

    def asked() -> bool:
        on_demand.want(stream, number)
        return ledger.listings.state(stream.id).proven >= number

    until(f"listing {number}", asked, gap=0.01)


def test_a_listing_that_is_wanted_is_made_here_and_records_what_it_shows(
    ledger: Ledger, source: Source, taken: StreamState, make
) -> None:
    source.put("a", "B")
    source.put("new")
    on_demand = make(OneSource(source))
    proven(ledger, taken, on_demand, 1)
    state = ledger.state(taken.id)
    assert state.revision == taken.revision + 2
    assert state.fence == taken.fence  # nothing was taken over
    assert (state.listed_at or 0) > (taken.listed_at or 0)


def test_a_delete_has_the_same_evidence_as_a_workers(
    bench: Bench, ledger: Ledger, source: Source, taken: StreamState, make
) -> None:
    for number in range(30):
        source.put(f"n{number}")
    bench.listing()
    source.sees_all = False
    on_demand = make(OneSource(source))
    on_demand.want(taken, 1)
    until("held deletes", lambda: ledger.held_count(taken.id) == 32)
    assert ledger.state(taken.id).count == 32
    held = ledger.listings.state(taken.id)
    assert held.proven == 0
    source.sees_all = True
    source.drop("n7")
    proven(ledger, taken, on_demand, 1)
    assert ledger.held_count(taken.id) == 0
    assert ledger.state(taken.id).count == 31
    assert "n7" in source.gets


def test_what_the_service_says_was_deleted_just_now_needs_no_second_listing(
    ledger: Ledger, source: Source, taken: StreamState, make
) -> None:
    source.put("young")
    on_demand = make(OneSource(source, CAREFUL))
    proven(ledger, taken, on_demand, 1)
    source.drop("young")  # which nobody would believe one listing alone
    proven(ledger, taken, on_demand, 2)
    assert ledger.listings.state(taken.id).begun == 2
    assert ledger.state(taken.id).count == taken.count


def test_a_service_that_tells_no_changes_now_is_listed_all_the_same(
    ledger: Ledger, source: Source, taken: StreamState, make
) -> None:
    def fail(number: int) -> None:
        if number == -1:
            raise errors.SourceUnavailable("no changes now")

    source.on_page = fail
    proven(ledger, taken, make(OneSource(source, CAREFUL)), 1)


def test_what_another_listed_just_before_our_turn_is_not_listed_again(
    ledger: Ledger, source: Source, taken: StreamState, make, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting = Counting(source)
    begin = ledger.listings.begin

    def begin_late(stream: int, fence: int, holder: str, *args: Any, **kwargs: Any) -> int | None:
        number = begin(stream, fence, "another", 0, 60)
        if number is not None:
            ledger.listings.proven(stream, number, "another")
        return begin(stream, fence, holder, *args, **kwargs)

    monkeypatch.setattr(ledger.listings, "begin", begin_late)
    server = make(OneSource(source))
    proven(ledger, taken, server, 1)
    server.stop()
    assert server.wait(60)
    assert ledger.listings.state(taken.id).begun == 1
    assert counting.listings == 0


def test_callers_of_several_servers_share_two_listings_at_most(
    ledger: Ledger, source: Source, taken: StreamState, make
) -> None:
    counting = Counting(source)
    counting.gate = threading.Event()
    servers = [make(OneSource(source)) for _ in range(4)]
    for server in servers:
        server.want(taken, 1)
    assert counting.inside.wait(60)
    for server in servers:  # these came while it runs: they need the next one
        server.want(taken, 2)
    counting.gate.set()
    for server in servers:
        proven(ledger, taken, server, 2)
    assert counting.listings == 2


def test_the_workers_own_listing_waits_for_its_turn(
    ledger: Ledger, source: Source, taken: StreamState, make
) -> None:
    counting = Counting(source)
    counting.gate = threading.Event()
    on_demand = make(OneSource(source))
    on_demand.want(taken, 1)
    assert counting.inside.wait(60)
    fatal: list[BaseException] = []
    # It takes the stream over: the listing on demand is void, and the turn is the worker's.
    worker = SamplingWorker(
        source, ledger, {KEY.type: QUICK}, owner="worker", on_fatal=fatal.append
    )
    worker.start()
    try:
        until("the worker's listing", lambda: counting.listings == 2)
        on_demand.want(taken, 3)
        assert ledger.listings.state(taken.id).begun == 2
        counting.gate.set()
        proven(ledger, taken, on_demand, 3)
        assert ledger.listings.state(taken.id).begun == 3
        assert fatal == []
    finally:
        counting.gate.set()
        worker.stop()
        assert worker.wait(60)


def test_a_worker_that_began_anew_makes_the_sampler_begin_anew(
    ledger: Ledger, source: Source, taken: StreamState, make
) -> None:
    sources = OneSource(source)
    on_demand = make(sources)
    proven(ledger, taken, on_demand, 1)
    ledger.claim(taken.id, "the worker, anew")
    source.put("later")
    proven(ledger, taken, on_demand, 2)
    assert sources.made == 2
    assert ledger.state(taken.id).count == taken.count + 1


def test_a_new_epoch_amid_a_listing_does_not_prove_it(
    ledger: Ledger, source: Source, taken: StreamState, make
) -> None:
    begun: list[int] = []

    def renew(number: int) -> None:
        if not begun:
            begun.append(number)
            ledger.new_epoch(taken.id, "test")

    source.on_page = renew
    on_demand = make(OneSource(source))
    proven(ledger, taken, on_demand, 1)
    state = ledger.listings.state(taken.id)
    assert state.proven == state.begun == 2  # the first proved nothing
    assert ledger.state(taken.id).epoch != taken.epoch


def test_a_source_that_fails_is_left_alone_by_all_until_the_pause_is_over(
    bench: Bench, ledger: Ledger, source: Source, taken: StreamState, make
) -> None:
    asked: list[int] = []

    def fail(number: int) -> None:
        asked.append(number)
        raise errors.SourceBusy("429", retry_after=3600.0)

    source.on_page = fail
    make(OneSource(source)).want(taken, 1)
    until("a failure", lambda: ledger.listings.state(taken.id).failures)
    state = ledger.listings.state(taken.id)
    assert state.pause > 3000
    assert state.problem == "429"
    sampling = bench.sampling
    assert LeasedListing(sampling.sampler, sampling.listing, QUICK).attempt() is None
    assert asked == [0]


def test_a_server_that_cannot_reach_the_service_does_not_keep_the_worker_from_it(
    ledger: Ledger, source: Source, taken: StreamState, clock: VirtualClock, make
) -> None:
    def fail(number: int) -> None:
        raise errors.SourceUnavailable("no route to the service from here")

    unreachable = Source(clock)
    unreachable.on_page = fail
    on_demand = make(OneSource(unreachable))
    on_demand.want(taken, 1)
    until("the turn left to the worker", lambda: not on_demand.want(taken, 1), gap=0.01)
    wanted = ledger.listings.state(taken.id).wanted
    assert wanted > 1
    worker = SamplingWorker(
        source, ledger, {KEY.type: QUICK}, owner="worker", on_fatal=lambda error: None
    )
    worker.start()
    try:
        proven(ledger, taken, on_demand, wanted)
    finally:
        worker.stop()
        assert worker.wait(60)


def test_what_cannot_be_listed_here_is_left_to_the_worker(
    ledger: Ledger, source: Source, taken: StreamState, make
) -> None:
    sources = OneSource(source)
    sources.error = errors.BadPlugin("it is not installed here")
    on_demand = make(sources)
    other = ledger.ensure_stream(StreamKey("c2", "test.thing"), "rules")
    assert not on_demand.want(other, 1)
    until("a refusal", lambda: not on_demand.want(taken, 1))
    assert sources.made == 1
    ledger.listings.want(taken.id, 1)
    worker = SamplingWorker(
        source, ledger, {KEY.type: QUICK}, owner="worker", on_fatal=lambda error: None
    )
    worker.start()
    try:
        until("a listing", lambda: ledger.listings.state(taken.id).proven >= 1)
        begun = ledger.listings.state(taken.id).begun
        ledger.listings.want(taken.id, begun + 1)
        until("another", lambda: ledger.listings.state(taken.id).proven > begun)
    finally:
        worker.stop()
        assert worker.wait(60)


def test_a_baseline_that_nobody_needs_is_given_up_and_made_again(
    ledger: Ledger, source: Source, taken: StreamState, make
) -> None:
    sources = OneSource(source)
    on_demand = make(sources, linger=0.01, idle=0.01)
    proven(ledger, taken, on_demand, 1)
    until("the plugin's end", lambda: source.closed)
    source.closed = False
    proven(ledger, taken, on_demand, 2)
    assert sources.made >= 2


def test_the_end_does_not_wait_for_callers(
    ledger: Ledger, source: Source, taken: StreamState, make
) -> None:
    on_demand = make(OneSource(source))
    proven(ledger, taken, on_demand, 1)
    on_demand.stop()
    assert on_demand.wait(60)
    assert not on_demand.want(taken, 2)


def test_the_listings_of_the_worker_alone_are_numbered_too(
    ledger: Ledger, source: Source, clock: VirtualClock
) -> None:
    source.put("a")
    worker = SamplingWorker(
        source, ledger, {KEY.type: QUICK}, owner="worker", on_fatal=lambda error: None
    )
    worker.start()
    try:
        stream = ledger.find(KEY)
        assert stream is not None
        until("a proof", lambda: ledger.listings.state(stream.id).proven == 1)
    finally:
        worker.stop()
        assert worker.wait(60)
    assert not ledger.listings.state(stream.id).running
