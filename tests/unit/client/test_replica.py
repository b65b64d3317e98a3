# SPDX-License-Identifier: Apache-2.0
"""Each rule of the consumer protocol, one by one."""

import dataclasses

import pytest

from synchronizer import errors
from synchronizer.client.live import Applied
from synchronizer.client.questions import AskChanges, AskDigests, GetAll, GetOne
from synchronizer.client.replica import Replica
from tests.unit.client.origin import Origin, entities, print_of


@pytest.fixture
def origin() -> Origin:
    origin = Origin()
    origin.record("a", 1)
    origin.record("b", 1)
    return origin


@pytest.fixture
def replica(origin: Origin) -> Replica:
    replica = Replica(keep_entities=True, jitter=lambda: 1.0)
    origin.serve(replica, 0.0)
    assert replica.following
    return replica


def revisions(applied: list[Applied]) -> list[int]:
    return [one.change.revision for one in applied]


def test_a_new_replica_wants_everything() -> None:
    replica = Replica()
    assert isinstance(replica.question(0.0), GetAll)
    assert replica.wakes_at() == 0.0


def test_a_snapshot_leaves_nothing_to_ask(replica: Replica, origin: Origin) -> None:
    assert replica.question(0.0) is None
    assert entities(replica) == origin.state
    assert (replica.epoch, replica.revision) == (origin.epoch, 2)


def test_nothing_is_applied_before_a_snapshot(origin: Origin) -> None:
    replica = Replica()
    assert replica.hear_changes(origin.after(1, 2), 0.0) == []
    replica.hear_bookmark(origin.bookmark(), 0.0)
    assert isinstance(replica.question(0.0), GetAll)


def test_the_next_change_set_is_applied_in_order(replica: Replica, origin: Origin) -> None:
    origin.record("a", 2)
    origin.record("b", None)
    applied = replica.hear_changes(origin.after(3, 4), 1.0)
    assert revisions(applied) == [3, 4]
    assert [one.old for one in applied] == [{"id": "a", "value": 1}, {"id": "b", "value": 1}]
    assert entities(replica) == {"a": {"id": "a", "value": 2}}
    assert replica.question(1.0) is None


def test_a_duplicate_is_ignored(replica: Replica, origin: Origin) -> None:
    origin.record("a", 2)
    replica.hear_changes(origin.after(3, 3), 1.0)
    assert replica.hear_changes(origin.after(3, 3), 1.0) == []
    assert replica.hear_changes(origin.after(1, 2), 1.0) == []
    assert (replica.revision, replica.question(1.0)) == (3, None)


def test_an_overlapping_set_is_applied_from_the_first_unknown(
    replica: Replica, origin: Origin
) -> None:
    origin.record("a", 2)
    replica.hear_changes(origin.after(3, 3), 1.0)
    origin.record("a", 3)
    assert revisions(replica.hear_changes(origin.after(2, 4), 1.0)) == [4]
    assert entities(replica) == origin.state


def test_a_gap_in_revisions_is_mended_by_changes(replica: Replica, origin: Origin) -> None:
    for value in (2, 3, 4):
        origin.record("a", value)
    assert replica.hear_changes(origin.after(5, 5), 1.0) == []
    assert replica.question(1.0) == AskChanges("epoch-1", 2)
    assert revisions(origin.serve(replica, 1.0) or []) == [3, 4, 5]
    assert replica.question(1.0) is None


def test_the_question_about_a_gap_is_dropped_when_the_missing_part_comes_late(
    replica: Replica, origin: Origin
) -> None:
    origin.record("a", 2)
    origin.record("a", 3)
    replica.hear_changes(origin.after(4, 4), 1.0)
    assert revisions(replica.hear_changes(origin.after(3, 4), 1.0)) == [3, 4]
    assert replica.question(1.0) is None


def test_changes_are_asked_for_until_the_present_is_reached(
    replica: Replica, origin: Origin
) -> None:
    for value in range(2, 10):
        origin.record("a", value)
    replica.hear_bookmark(origin.bookmark(), 1.0)
    told = []
    while (applied := origin.serve(replica, 1.0)) is not None:
        told += revisions(applied)
    assert told == list(range(3, 11))


def test_a_lost_last_message_is_shown_by_a_bookmark(replica: Replica, origin: Origin) -> None:
    origin.record("a", 2)
    replica.hear_bookmark(origin.bookmark(), 1.0)
    assert replica.question(1.0) == AskChanges("epoch-1", 2)


def test_a_bookmark_below_the_own_revision_is_ignored(replica: Replica, origin: Origin) -> None:
    old = dataclasses.replace(origin.bookmark(), digest=99)
    origin.record("a", 2)
    replica.hear_changes(origin.after(3, 3), 1.0)
    replica.hear_bookmark(old, 1.0)
    assert replica.question(1.0) is None


def test_a_differing_digest_in_a_bookmark_is_narrowed(replica: Replica, origin: Origin) -> None:
    origin.lose("b")
    replica.hear_bookmark(origin.bookmark(), 1.0)
    assert replica.question(1.0) == AskDigests("epoch-1", 2, 0)


def test_a_differing_count_in_a_change_set_is_narrowed(replica: Replica, origin: Origin) -> None:
    origin.record("a", 2)
    replica.hear_changes(dataclasses.replace(origin.after(3, 3), count=7), 1.0)
    assert replica.question(1.0) == AskDigests("epoch-1", 3, 0)


def test_a_differing_digest_in_an_answer_is_narrowed(replica: Replica, origin: Origin) -> None:
    replica.answer(dataclasses.replace(origin.changes("epoch-1", 2), digest=7), 1.0)
    assert replica.question(1.0) == AskDigests("epoch-1", 2, 0)


def test_a_snapshot_that_does_not_add_up_is_not_followed() -> None:
    replica = Replica(jitter=lambda: 1.0)
    replica.begin("e", 4, 2, 0)
    assert not replica.end(0.0)
    assert isinstance(replica.question(0.0), GetAll)


def test_snapshots_that_never_add_up_are_asked_for_ever_less_often() -> None:
    replica = Replica(jitter=lambda: 1.0)
    waits = []
    now = 0.0
    for _ in range(8):
        replica.begin("e", 4, 2, 0)
        replica.end(now)
        waits.append(replica.wakes_at() - now)
        now = max(now, replica.wakes_at())
    assert waits == [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0]


@pytest.mark.parametrize("error", [errors.Compacted(floor=9), errors.EpochChanged(epoch="e")])
def test_compacted_and_epoch_changed_get_all_again(
    replica: Replica, origin: Origin, error: Exception
) -> None:
    origin.record("a", 2)
    replica.hear_bookmark(origin.bookmark(), 1.0)
    replica.failed(error, 1.0)
    assert replica.question(1.0) == GetAll(str(error))


def test_a_foreign_epoch_makes_it_ask_the_server_and_believe_it(
    replica: Replica, origin: Origin
) -> None:
    origin.begin_anew("epoch-2")
    origin.record("a", 5)
    assert replica.hear_changes(origin.after(4, 4), 1.0) == []
    assert replica.question(1.0) == AskChanges("epoch-1", 2)
    origin.serve(replica, 1.0)
    assert isinstance(replica.question(1.0), GetAll)
    origin.serve(replica, 1.0)
    assert (replica.epoch, entities(replica)) == ("epoch-2", origin.state)


def test_a_foreign_epoch_that_the_server_does_not_know_is_asked_about_at_a_bounded_rate(
    replica: Replica, origin: Origin
) -> None:
    stale = dataclasses.replace(origin.bookmark(), epoch="epoch-0")
    asked = []
    for tenth in range(200):
        replica.hear_bookmark(origin.bookmark(), tenth / 10)
        replica.hear_bookmark(stale, tenth / 10)
        if replica.question(tenth / 10):
            asked.append(tenth / 10)
            origin.serve(replica, tenth / 10)
    assert asked == [0.0, 5.0, 10.0, 15.0]
    assert replica.epoch == "epoch-1"


def test_silence_for_twice_next_within_makes_it_ask(replica: Replica, origin: Origin) -> None:
    replica.hear_bookmark(origin.bookmark(next_within=4.0), 100.0)
    assert replica.question(107.9) is None
    assert replica.wakes_at() == 108.0
    assert replica.question(108.0) == AskChanges("epoch-1", 2, silent=True)
    origin.serve(replica, 108.0)
    assert replica.wakes_at() == 116.0


def test_a_promise_heard_before_the_snapshot_counts(origin: Origin) -> None:
    replica = Replica()
    replica.hear_bookmark(origin.bookmark(next_within=2.0), 0.0)
    origin.serve(replica, 0.0)
    assert replica.wakes_at() == 4.0


def test_old_messages_do_not_break_the_silence(replica: Replica, origin: Origin) -> None:
    old = origin.bookmark()
    origin.record("a", 2)
    replica.hear_changes(origin.after(3, 3), 1.0)
    due = replica.wakes_at()
    replica.hear_bookmark(old, 15.0)
    replica.hear_changes(origin.after(1, 2), 15.0)
    assert replica.wakes_at() == due


def test_what_is_heard_while_a_snapshot_is_read_is_asked_for_afterwards(origin: Origin) -> None:
    replica = Replica(keep_entities=True)
    bookmark = origin.bookmark()
    state = dict(origin.state)
    replica.begin(bookmark.epoch, bookmark.revision, bookmark.count, bookmark.digest)
    origin.record("c", 1)
    assert replica.hear_changes(origin.after(3, 3), 0.0) == []
    assert replica.question(0.0) is None

    for id_, entity in state.items():
        replica.add(id_, print_of(entity), entity)
    assert replica.end(0.0)
    assert replica.question(0.0) == AskChanges("epoch-1", 2)
    assert revisions(origin.serve(replica, 0.0) or []) == [3]


def test_a_snapshot_that_breaks_off_is_begun_again_after_a_while(origin: Origin) -> None:
    replica = Replica(jitter=lambda: 1.0)
    replica.begin("epoch-1", 2, 2, 0)
    replica.failed(errors.NobodyAnswers("gone"), 3.0)
    assert replica.question(3.0) is None
    assert replica.wakes_at() == 3.5
    assert replica.question(3.5) == GetAll("gone")


def test_an_oversized_change_is_fetched_before_what_follows_it(
    replica: Replica, origin: Origin
) -> None:
    origin.record("a", 2)
    origin.record("b", 2)
    assert replica.hear_changes(origin.after(3, 4, oversized=True), 1.0) == []
    assert replica.question(1.0) == GetOne("a", 3, print_of({"id": "a", "value": 2}))
    assert revisions(origin.serve(replica, 1.0) or []) == [3]
    assert replica.question(1.0) == AskChanges("epoch-1", 3)
    assert revisions(origin.serve(replica, 1.0) or []) == [4]
    assert entities(replica) == origin.state


@pytest.mark.parametrize("error", [errors.NotFound(), errors.Compacted(floor=9)])
def test_an_oversized_change_that_is_gone_gets_all_again(
    replica: Replica, origin: Origin, error: Exception
) -> None:
    origin.record("a", 2)
    replica.hear_changes(origin.after(3, 3, oversized=True), 1.0)
    replica.failed(error, 1.0)
    assert isinstance(replica.question(1.0), GetAll)


def test_failures_are_retried_ever_less_often_and_as_the_server_asks(
    replica: Replica, origin: Origin
) -> None:
    origin.record("a", 2)
    replica.hear_bookmark(origin.bookmark(), 0.0)
    replica.failed(errors.NobodyAnswers(), 0.0)
    assert (replica.question(0.4), replica.wakes_at()) == (None, 0.5)
    replica.failed(errors.ServiceUnavailable(retry_after=9), 0.5)
    assert replica.wakes_at() == 9.5
    origin.serve(replica, 9.5)
    replica.hear_bookmark(dataclasses.replace(origin.bookmark(), revision=9), 9.5)
    assert replica.question(9.5) == AskChanges("epoch-1", 3)


def test_a_server_that_knows_of_more_and_gives_nothing_is_not_asked_without_pause(
    replica: Replica, origin: Origin
) -> None:
    empty = dataclasses.replace(origin.changes("epoch-1", 2), revision=5)
    replica.answer(empty, 1.0)
    assert replica.question(1.0) is None
    assert replica.question(replica.wakes_at()) == AskChanges("epoch-1", 2)


def test_an_answer_with_a_gap_is_refused(replica: Replica, origin: Origin) -> None:
    for value in (2, 3):
        origin.record("a", value)
    with pytest.raises(errors.BadMessage, match="after 2"):
        replica.answer(origin.changes("epoch-1", 3), 1.0)


def test_an_answer_to_a_question_that_no_longer_stands_changes_nothing(
    replica: Replica, origin: Origin
) -> None:
    stale = origin.changes("epoch-1", 2)
    origin.record("a", 2)
    replica.hear_changes(origin.after(3, 3), 1.0)
    assert replica.answer(stale, 1.0) == []
    assert replica.entity(3, {"id": "a"}, 1.0) == []
    assert replica.revision == 3


def test_without_repair_a_gap_stays(origin: Origin) -> None:
    replica = Replica(keep_entities=True, repair=False)
    origin.serve(replica, 0.0)
    origin.record("c", 1)
    origin.record("a", 9)
    replica.hear_changes(origin.after(4, 4), 1.0)
    assert replica.question(1000.0) is None
    assert entities(replica) != origin.state


def test_with_bookmarks_ignored_a_lost_last_message_stays_lost(
    replica: Replica, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Replica, "bookmarks_ignored", True)
    origin.record("a", 2)
    replica.hear_bookmark(origin.bookmark(), 1.0)
    assert replica.question(1.0) is None
