# SPDX-License-Identifier: Apache-2.0
import itertools

import pytest

from synchronizer.publishing.bookmarks import BookmarkClock
from tests.unit.publishing.support import SERVERS


def test_a_bookmark_comes_within_each_interval_that_the_last_one_named(
    author, bus, make_relay, settle, clock
) -> None:
    relay = make_relay(bookmark_interval=10.0)
    sent = []
    for _ in range(600):
        clock.now += 0.1
        settle(relay)
        while len(sent) < len(bus.payloads("bookmark")):
            sent.append(clock.now)
    promised = bus.payloads("bookmark")[0]["next_within"]
    gaps = [after - before for before, after in itertools.pairwise(sent)]
    assert len(gaps) >= 5
    assert max(gaps) <= promised
    assert min(gaps) > promised / 2


def test_a_bookmark_says_where_the_stream_stands(author, bus, make_relay, settle) -> None:
    author.fill(3)
    author.listed(1_700_000_000_123_456)
    settle(make_relay(bookmark_interval=10.0))
    topic, event_type, bookmark = bus.messages[-1]
    assert topic == "synchronizer.openstack1.nova.server"
    assert event_type == "nova.server.bookmark"
    assert bookmark["revision"] == 3
    assert bookmark["count"] == 3
    assert bookmark["epoch"] == author.state.epoch
    assert bookmark["listed_at"] == "2023-11-14T22:13:20.123456Z"
    assert bookmark["digest"] == bus.payloads("changes")[-1]["digest"]
    assert "nonce" not in bookmark


def test_a_complete_listing_is_told_at_once(author, bus, make_relay, settle, clock) -> None:
    relay = make_relay(bookmark_interval=10.0)
    settle(relay)
    before = len(bus.payloads("bookmark"))
    author.listed()
    clock.now += 0.1
    settle(relay)
    assert len(bus.payloads("bookmark")) == before + 1


def test_no_bookmark_goes_out_before_the_revisions_that_it_tells_of(
    author, bus, make_relay, settle, clock
) -> None:
    relay = make_relay(max_changes=2, bookmark_interval=10.0)
    author.fill(5)
    author.listed()
    settle(relay)
    kinds = [event_type.rpartition(".")[2] for _, event_type, _ in bus.messages]
    assert kinds == ["changes", "changes", "changes", "bookmark"]


def test_a_commit_between_looking_and_the_bookmark_is_published_first(
    author, bus, make_relay, settle, clock, ledger
) -> None:
    relay = make_relay(bookmark_interval=10.0)
    settle(relay)
    clock.now += 10.0
    real = ledger.streams

    def streams_then_commit():
        seen = real()
        author.put({"id": "late"})
        return seen

    ledger.streams = streams_then_commit
    relay.turn()
    del ledger.streams
    settle(relay)
    kinds = [event_type.rpartition(".")[2] for _, event_type, _ in bus.messages]
    assert kinds == ["bookmark", "changes", "bookmark"]
    assert bus.payloads("bookmark")[-1]["revision"] == 1


def test_a_bookmark_that_the_bus_refused_is_sent_later(
    author, bus, make_relay, settle, clock
) -> None:
    relay = make_relay()
    bus.is_out = True
    relay.turn()
    bus.is_out = False
    clock.now += 1.0
    settle(relay)
    assert len(bus.payloads("bookmark", SERVERS)) == 1


def test_an_interval_must_be_positive() -> None:
    with pytest.raises(ValueError, match="not positive"):
        BookmarkClock(0.0)
