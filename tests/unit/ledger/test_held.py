# SPDX-License-Identifier: Apache-2.0
from synchronizer.ledger import Hold, Ledger, StreamState
from synchronizer.model import StreamKey
from tests.unit.ledger.builders import KEY


def hold(id_: str, since: int = 10, reason: str = "no witness") -> Hold:
    return Hold(id_, base=3, reason=reason, since=since)


def test_the_set_of_held_deletes_is_replaced(ledger: Ledger, stream: StreamState) -> None:
    ledger.hold(stream.id, [hold("b"), hold("a")])
    assert ledger.held(stream.id) == [(KEY, hold("a")), (KEY, hold("b"))]
    ledger.hold(stream.id, [hold("c")])
    assert ledger.held(stream.id) == [(KEY, hold("c"))]
    ledger.hold(stream.id, [])
    assert ledger.held_count(stream.id) == 0


def test_who_stays_held_keeps_since_and_verdict(ledger: Ledger, stream: StreamState) -> None:
    ledger.hold(stream.id, [hold("a"), hold("b")])
    assert ledger.decide(stream.id, ["a"], "confirm") == 1
    ledger.hold(stream.id, [hold("a", since=99, reason="too many"), hold("c", since=99)])
    assert ledger.held(stream.id) == [
        (KEY, Hold("a", 3, "too many", 10, "confirm")),
        (KEY, hold("c", since=99)),
    ]


def test_a_verdict_reaches_only_what_is_held(ledger: Ledger, stream: StreamState) -> None:
    ids = [f"id-{n:04}" for n in range(600)]
    ledger.hold(stream.id, [hold(id_) for id_ in ids])
    assert ledger.decide(stream.id, ["never", *ids[:300]], "release") == 300
    assert ledger.decide(stream.id, None, "confirm") == 600
    assert {found.verdict for _, found in ledger.held()} == {"confirm"}


def test_unhold_forgets_some(ledger: Ledger, stream: StreamState) -> None:
    ledger.hold(stream.id, [hold("a"), hold("b"), hold("c")])
    ledger.unhold(stream.id, ["a", "c", "never"])
    assert ledger.held(stream.id) == [(KEY, hold("b"))]


def test_each_stream_holds_its_own(ledger: Ledger, stream: StreamState) -> None:
    other = ledger.ensure_stream(StreamKey("openstack2", "nova.server"), "rules 1")
    ledger.hold(stream.id, [hold("a")])
    ledger.hold(other.id, [hold("a"), hold("b")])
    assert [(key.cloud, found.id) for key, found in ledger.held()] == [
        ("openstack1", "a"),
        ("openstack2", "a"),
        ("openstack2", "b"),
    ]
    ledger.decide(other.id, None, "confirm")
    assert ledger.held(stream.id)[0][1].verdict is None
