# SPDX-License-Identifier: Apache-2.0
import hashlib
import itertools

import pytest

from synchronizer.ledger import Ledger, StreamState
from synchronizer.model import StreamKey
from tests.unit.ledger.builders import KEY, create, delete, update


def rematch(text: bytes) -> bytes:
    return hashlib.sha256(text).digest()[:16]


def test_a_new_stream_begins_at_nothing(ledger: Ledger) -> None:
    state = ledger.ensure_stream(KEY, "rules 1")
    assert (state.key, state.revision, state.published, state.floor) == (KEY, 0, 0, 0)
    assert (state.count, state.digest, state.listed_at, state.rules) == (0, 0, None, "rules 1")
    assert len(state.epoch) == 26
    assert ledger.ensure_stream(KEY, "rules 1") == state


def test_other_rules_change_only_match(ledger: Ledger, stream: StreamState) -> None:
    state = ledger.commit(stream, [create(str(n)) for n in range(1000)])
    state = ledger.commit(state, [create("a"), create("b"), update("0", name="x"), delete("1")])
    _, before = ledger.baseline(stream.id)
    after = ledger.ensure_stream(KEY, "rules 2", rematch)
    assert after.rules == "rules 2"
    assert (after.epoch, after.revision, after.digest) == (state.epoch, 1004, state.digest)
    _, live = ledger.baseline(stream.id)
    texts = ledger.entities(stream.id, [row.id for row in live])
    assert [row.match for row in live] == [rematch(texts[row.id]) for row in live]
    assert [(r.id, r.fingerprint) for r in live] == [(r.id, r.fingerprint) for r in before]


def test_what_is_committed_while_the_rules_change_is_matched_too(
    ledger: Ledger, stream: StreamState
) -> None:
    state = ledger.commit(stream, [create("a"), create("b")])
    calls = 0

    def slowly(text: bytes) -> bytes:
        nonlocal calls
        calls += 1
        if calls == 1:
            ledger.commit(state, [create("c"), update("b", name="x"), delete("a")])
        return rematch(text)

    ledger.ensure_stream(KEY, "rules 2", slowly)
    _, live = ledger.baseline(stream.id)
    texts = ledger.entities(stream.id, ["b", "c"])
    assert {row.id: row.match for row in live} == {k: rematch(t) for k, t in texts.items()}


def test_other_rules_without_a_way_to_match_are_refused(
    ledger: Ledger, stream: StreamState
) -> None:
    with pytest.raises(ValueError, match="rules differ"):
        ledger.ensure_stream(KEY, "rules 2")
    assert ledger.state(stream.id) == stream


def test_published_only_rises_from_what_was_expected(ledger: Ledger, stream: StreamState) -> None:
    ledger.commit(stream, [create("a"), create("b")])
    assert not ledger.mark_published(stream.id, stream.epoch, 1, 2)
    assert ledger.mark_published(stream.id, stream.epoch, 0, 1)
    assert not ledger.mark_published(stream.id, stream.epoch, 0, 2)
    assert not ledger.mark_published(stream.id, stream.epoch, 1, 0)
    assert not ledger.mark_published(stream.id, stream.epoch, 1, 3)
    assert not ledger.mark_published(stream.id, "another epoch", 1, 2)
    assert ledger.state(stream.id).published == 1


def test_the_pulse_differs_after_any_commit_by_anybody(
    ledger: Ledger, stream: StreamState, url: str, tmp_path: object
) -> None:
    assert ledger.pulse() == ledger.pulse()
    seen = [ledger.pulse()]
    state = ledger.commit(stream, [create("a")])
    seen.append(ledger.pulse())
    ledger.commit(state, [], listed_at=5)
    seen.append(ledger.pulse())
    ledger.mark_published(stream.id, stream.epoch, 0, 1)
    seen.append(ledger.pulse())
    ledger.new_epoch(stream.id, "a test says so")
    seen.append(ledger.pulse())
    assert all(one != other for one, other in itertools.pairwise(seen))
    ledger.baseline(stream.id)
    assert ledger.pulse() == seen[-1]


def test_a_condition_keeps_its_since_while_it_lasts(ledger: Ledger, stream: StreamState) -> None:
    assert ledger.condition(stream.id) is None
    ledger.set_condition(stream.id, "no answer")
    first = ledger.condition(stream.id)
    ledger.set_condition(stream.id, "503")
    second = ledger.condition(stream.id)
    assert first is not None
    assert second is not None
    assert (second.message, second.since) == ("503", first.since)
    ledger.set_condition(stream.id, None)
    assert ledger.condition(stream.id) is None


def test_the_seed_stays_with_the_ledger(ledger: Ledger, url: str, tmp_path: object) -> None:
    other = Ledger.open(url, state_path=ledger.high_water.file.parent)
    assert other.seed == ledger.seed
    assert 0 <= other.seed < 1 << 64
    other.close()


def test_another_types_stream_is_another_stream(ledger: Ledger, stream: StreamState) -> None:
    other = ledger.ensure_stream(StreamKey(KEY.cloud, "nova.hypervisor"), "rules 1")
    assert other.id != stream.id
    assert other.epoch != stream.epoch
