# SPDX-License-Identifier: Apache-2.0
import dataclasses
import threading

import pytest

from synchronizer import errors
from synchronizer.fingerprint import digest
from synchronizer.ledger import Ledger, NewRules, StreamState
from tests.unit.ledger.builders import NO_LIMITS, T0, create, delete, update


def test_the_ith_write_gets_the_ith_revision(ledger: Ledger, stream: StreamState) -> None:
    after = ledger.commit(stream, [create("a"), create("b"), create("c")])
    assert (after.revision, after.count) == (3, 3)
    versions = ledger.changes(stream.id, 0, **NO_LIMITS).versions
    assert [(v.revision, v.id, v.op) for v in versions] == [
        (1, "a", "create"),
        (2, "b", "create"),
        (3, "c", "create"),
    ]


def test_count_and_digest_are_those_of_what_lives(ledger: Ledger, stream: StreamState) -> None:
    state = ledger.commit(stream, [create("a"), create("b"), create("c")])
    state = ledger.commit(state, [update("a", status="ERROR"), delete("b"), create("d")])
    _, live = ledger.baseline(stream.id)
    assert {row.id for row in live} == {"a", "c", "d"}
    assert (state.count, state.digest) == (3, digest((row.id, row.fingerprint) for row in live))


def test_each_version_carries_count_and_digest_after_it(
    ledger: Ledger, stream: StreamState
) -> None:
    state = ledger.commit(stream, [create("a"), create("b"), delete("c")][:2])
    state = ledger.commit(state, [update("b", name="x"), delete("a")])
    held: dict[str, bytes] = {}
    for version in ledger.changes(stream.id, 0, **NO_LIMITS).versions:
        if version.fingerprint is None:
            del held[version.id]
        else:
            held[version.id] = version.fingerprint
        assert (version.count, version.digest) == (len(held), digest(held.items()))
    assert (state.count, state.digest) == (version.count, version.digest)


def test_changed_names_the_top_level_fields_that_differ(
    ledger: Ledger, stream: StreamState
) -> None:
    state = ledger.commit(stream, [create("a", gone=1, same={"x": 1, "y": 2}, status="ACTIVE")])
    write = dataclasses.replace(
        update("a"), entity=b'{"same": {"y":2,"x" : 1}, "id":"a", "status":"ERROR", "fresh":null}'
    )
    ledger.commit(state, [write])
    versions = ledger.changes(stream.id, 0, **NO_LIMITS).versions
    assert [v.changed for v in versions] == [(), ("fresh", "gone", "status")]


def test_a_field_that_only_changes_its_json_type_has_changed(
    ledger: Ledger, stream: StreamState
) -> None:
    state = ledger.commit(stream, [create("a", flag=True, size=1)])
    ledger.commit(state, [update("a", flag=1, size=1)])
    assert ledger.version(stream.id, "a").changed == ("flag",)


def test_a_tombstone_is_superseded_by_a_new_life(ledger: Ledger, stream: StreamState) -> None:
    state = ledger.commit(stream, [create("a")])
    state = ledger.commit(state, [delete("a")])
    ledger.commit(state, [create("a", name="again")])
    versions = ledger.changes(stream.id, 0, **NO_LIMITS).versions
    assert [v.superseded for v in versions] == [2, 3, None]
    assert versions[2].changed == ()


def test_ids_compare_byte_by_byte(ledger: Ledger, stream: StreamState) -> None:
    ids = ["m1.small", "m1.SMALL", "m1.small ", "é", "e\u0301"]
    ledger.commit(stream, [create(id_) for id_ in ids])
    assert [row.id for row in ledger.baseline(stream.id)[1]] == ids


def test_who_has_not_seen_the_last_revision_is_refused(ledger: Ledger, stream: StreamState) -> None:
    state = ledger.commit(stream, [create("a")])
    with pytest.raises(errors.Refused):
        ledger.commit(stream, [create("b")])
    assert ledger.state(stream.id) == state
    assert [row.id for row in ledger.baseline(stream.id)[1]] == ["a"]


def test_a_new_epoch_refuses_a_commit_of_the_old_one(ledger: Ledger, stream: StreamState) -> None:
    fresh = ledger.new_epoch(stream.id, "a test says so")
    with pytest.raises(errors.Refused):
        ledger.commit(dataclasses.replace(stream, revision=fresh.revision), [create("a")])


def test_other_rules_refuse_a_commit(ledger: Ledger, stream: StreamState) -> None:
    ledger.ensure_stream(stream.key, NewRules("rules 2", lambda _: b"0" * 16))
    with pytest.raises(errors.Refused):
        ledger.commit(stream, [create("a")])


def test_who_was_taken_over_is_fenced_off(ledger: Ledger, stream: StreamState) -> None:
    mine = ledger.claim(stream.id, "worker 1")
    theirs = ledger.claim(stream.id, "worker 2")
    assert (theirs.owner, theirs.fence) == ("worker 2", mine.fence + 1)
    with pytest.raises(errors.Fenced, match="worker 2"):
        ledger.commit(mine, [create("a")])
    assert ledger.commit(theirs, [create("a")]).revision == 1


def test_of_two_threads_with_one_state_one_wins(ledger: Ledger, stream: StreamState) -> None:
    start = threading.Barrier(4)
    outcomes: list[str] = []

    def work(name: str) -> None:
        start.wait()
        try:
            ledger.commit(stream, [create(name)])
        except errors.Refused:
            outcomes.append("refused")
        else:
            outcomes.append(name)

    threads = [threading.Thread(target=work, args=(f"id-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("refused") == 3
    winner = next(name for name in outcomes if name != "refused")
    assert [row.id for row in ledger.baseline(stream.id)[1]] == [winner]


def test_the_empty_complete_listing_moves_listed_at_alone(
    ledger: Ledger, stream: StreamState
) -> None:
    after = ledger.commit(stream, [], listed_at=T0)
    assert after == dataclasses.replace(stream, listed_at=T0)


def test_an_empty_listing_by_a_stale_cache_is_refused(ledger: Ledger, stream: StreamState) -> None:
    ledger.commit(stream, [create("a")])
    with pytest.raises(errors.Refused):
        ledger.commit(stream, [], listed_at=T0)
    assert ledger.state(stream.id).listed_at is None


def test_each_proof_raises_listed_at_whatever_its_clock_says(
    ledger: Ledger, stream: StreamState
) -> None:
    ledger.commit(stream, [], listed_at=T0)
    assert ledger.commit(stream, [], listed_at=T0 - 1_000_000).listed_at == T0 + 1
    assert ledger.commit(stream, [], listed_at=T0 + 5).listed_at == T0 + 5


@pytest.mark.parametrize(
    ("writes", "match"),
    [
        ([], "nothing to commit"),
        ([create("a"), delete("a")], "twice"),
        ([create(str(n)) for n in range(1001)], "at most 1000"),
        ([dataclasses.replace(create("a"), entity=None)], "without content"),
        ([dataclasses.replace(delete("a"), match=b"0" * 16)], "without content"),
        ([update("a")], "not live"),
        ([delete("a")], "not live"),
        ([create("there")], "live already"),
        ([update("gone")], "not live"),
    ],
)
def test_writes_that_contradict_themselves_or_what_lives_record_nothing(
    ledger: Ledger, stream: StreamState, writes: list[object], match: str
) -> None:
    state = ledger.commit(stream, [create("there"), create("gone")])
    state = ledger.commit(state, [delete("gone")])
    with pytest.raises(ValueError, match=match):
        ledger.commit(state, writes)  # type: ignore[arg-type]
    assert ledger.state(stream.id) == state
    assert ledger.verify_digest(stream.id)


def test_a_thousand_writes_fit_in_one_commit(ledger: Ledger, stream: StreamState) -> None:
    state = ledger.commit(stream, [create(str(n)) for n in range(1000)])
    state = ledger.commit(state, [update(str(n), name="x") for n in range(1000)])
    assert (state.revision, state.count) == (2000, 1000)
    assert ledger.verify_digest(stream.id)


def test_the_digest_is_kept_from_what_is_recorded_and_not_from_what_the_writer_knows(
    ledger: Ledger, stream: StreamState
) -> None:
    state = ledger.commit(stream, [create("a")])
    # As after a restore of a backup, which came to the same revision by other changes.
    stale = dataclasses.replace(state, count=7, digest=12345)
    after = ledger.commit(stale, [create("b")])
    assert after.count == 2
    assert ledger.verify_digest(stream.id)
