# SPDX-License-Identifier: Apache-2.0
import itertools

from synchronizer.ledger import Ledger, StreamState
from synchronizer.model import StreamKey
from tests.unit.ledger.builders import KEY, create


def test_a_new_stream_begins_at_nothing(ledger: Ledger) -> None:
    state = ledger.ensure_stream(KEY, "rules 1")
    assert (state.key, state.revision, state.published, state.floor) == (KEY, 0, 0, 0)
    assert (state.count, state.digest, state.listed_at, state.rules) == (0, 0, None, "rules 1")
    assert len(state.epoch) == 26
    assert ledger.ensure_stream(KEY, "rules 1") == state


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
