# SPDX-License-Identifier: Apache-2.0
import logging

import pytest

from synchronizer.model import StreamKey
from synchronizer.publishing.outage import Backoff, BusOutage, Spell
from tests.unit.publishing.support import SERVERS, VOLUMES, Author, Reader

NEVER = 0.0
STACKS = StreamKey("openstack1", "heat.stack")


def outage() -> BusOutage:
    return BusOutage(chance=lambda: NEVER)


def test_pauses_double_up_to_a_limit() -> None:
    backoff = Backoff(first=1.0, longest=5.0, chance=lambda: NEVER)
    assert [backoff.failed() for _ in range(5)] == [1.0, 2.0, 4.0, 5.0, 5.0]
    backoff.worked()
    assert backoff.failed() == 1.0


def test_a_stream_that_fails_alone_waits_alone() -> None:
    bus = outage()
    bus.failed(SERVERS, "full", 100.0)
    assert not bus.may_try(SERVERS, 100.0)
    assert bus.may_try(VOLUMES, 100.0)
    assert bus.next_try(100.0) == pytest.approx(0.2)


def test_a_bad_stream_does_not_come_back_early_because_another_works() -> None:
    bus = outage()
    for _ in range(5):
        bus.failed(SERVERS, "full", 100.0)
    bus.worked(VOLUMES, 100.0)
    assert not bus.may_try(SERVERS, 101.0)


def test_when_several_fail_in_a_row_all_wait_and_all_return_at_once() -> None:
    bus = outage()
    for _ in range(5):
        bus.failed(SERVERS, "away", 100.0)
        bus.failed(VOLUMES, "away", 100.0)
    assert not bus.may_try(STACKS, 100.0)
    assert bus.may_try(STACKS, 106.0)
    bus.worked(STACKS, 106.0)
    assert bus.may_try(SERVERS, 106.0)
    assert bus.may_try(VOLUMES, 106.0)


def test_an_outage_is_logged_once_when_it_begins_and_once_when_it_ends(
    ledger, author, bus, make_relay, settle, clock, caplog
) -> None:
    caplog.set_level(logging.INFO, logger="synchronizer.publishing.outage")
    volumes = Author(ledger, VOLUMES)
    relay = make_relay()
    settle(relay)
    bus.is_out = True
    author.fill(3)
    volumes.put({"id": "v"})
    for _ in range(50):
        clock.now += 1.0
        relay.turn()
    assert len(caplog.records) == 1
    bus.is_out = False
    for _ in range(10):
        clock.now += 1.0
        settle(relay)
    levels = [record.levelname for record in caplog.records]
    assert levels == ["WARNING", "INFO"]
    assert bus.revisions() == [1, 2, 3]
    assert bus.revisions(VOLUMES) == [1]


def test_a_dead_bus_is_asked_at_a_bounded_rate(ledger, author, bus, make_relay, clock) -> None:
    others = [Author(ledger, StreamKey("openstack1", f"a.b{number}")) for number in range(10)]
    for one in (author, *others):
        one.put({"id": "x"})
    bus.is_out = True
    relay = make_relay()
    for _ in range(600):
        clock.now += 0.1
        relay.turn()
    assert len(bus.attempts) < 60
    # Each stream gets its turn to ask: one bad topic must not be all that is tried.
    assert len(set(bus.attempts)) == 11


def test_one_full_topic_does_not_hold_up_the_others(
    ledger, author, bus, make_relay, settle, clock
) -> None:
    volumes = Author(ledger, VOLUMES)
    relay = make_relay()
    bus.refused = {"synchronizer.openstack1.nova.server"}
    author.fill(1)
    for number in range(20):
        clock.now += 0.1
        volumes.put({"id": f"v{number}"})
        settle(relay)
        assert bus.revisions(VOLUMES)[-1] == number + 1
    assert bus.revisions() == []
    bus.refused = set()
    clock.now += 10
    settle(relay)
    assert bus.revisions() == [1]


def test_what_waited_for_the_bus_arrives_whole_and_in_order(
    author, bus, make_relay, settle, clock
) -> None:
    relay = make_relay(max_changes=3)
    bus.is_out = True
    for number in range(10):
        author.put({"id": "a", "n": number})
        clock.now += 1
        relay.turn()
    bus.is_out = False
    clock.now += 10
    settle(relay)
    reader = Reader()
    for payload in bus.payloads("changes"):
        reader.take(payload)
    assert reader.entities == author.live
    assert bus.revisions() == list(range(1, 11))


def test_a_spell_says_when_it_is_over(caplog) -> None:
    caplog.set_level(logging.INFO, logger="synchronizer.publishing.outage")
    spell = Spell("It rains", chance=lambda: NEVER)
    spell.worked(1.0)
    spell.failed("clouds", 2.0)
    spell.failed("clouds", 3.0)
    spell.worked(5.0)
    spell.worked(6.0)
    assert [record.getMessage() for record in caplog.records] == [
        "It rains: clouds; trying again until that is over",
        "It rains: over after 3.0 s",
    ]
