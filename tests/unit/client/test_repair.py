# SPDX-License-Identifier: Apache-2.0
"""What differs from the server is found and put right, and nothing else is touched."""

import dataclasses

import pytest

from synchronizer import errors, fingerprint
from synchronizer.client.live import Applied
from synchronizer.client.questions import AskChanges, AskDigests, AskRoster, GetAll, GetVersion
from synchronizer.client.repair import FEW
from synchronizer.client.replica import Replica
from tests.unit.client.origin import Origin, entities, print_of


@pytest.fixture
def origin() -> Origin:
    """Of 1,000 entities."""
    origin = Origin(limit=500)
    for number in range(1000):
        origin.record(f"e{number}", 1)
    return origin


@pytest.fixture
def replica(origin: Origin) -> Replica:
    replica = Replica(keep_entities=True, jitter=lambda: 1.0)
    origin.serve(replica, 0.0)
    return replica


def spoil(replica: Replica, id_: str, value: int | None) -> None:
    """It is held in another state, or not at all."""
    if value is None:
        replica.live.drop(id_)
    else:
        entity = {"id": id_, "value": value}
        replica.live.put(id_, print_of(entity), entity)


def mend(replica: Replica, origin: Origin) -> tuple[list[Applied], list[object]]:
    """What it applies until it has no question, and what it asked."""
    applied: list[Applied] = []
    asked: list[object] = []
    while (question := replica.question(1.0)) is not None:
        asked.append(question)
        applied += origin.serve(replica, 1.0) or []
    return applied, asked


def test_only_what_differs_is_got_and_told(replica: Replica, origin: Origin) -> None:
    spoil(replica, "e5", 7)
    spoil(replica, "e77", None)
    spoil(replica, "never", 1)
    replica.hear_bookmark(origin.bookmark(), 1.0)
    applied, asked = mend(replica, origin)
    assert {one.change.id: one.change.op for one in applied} == {
        "e5": "update",
        "e77": "create",
        "never": "delete",
    }
    assert all(one.repaired and one.change.revision == 1000 for one in applied)
    assert [type(question) for question in asked].count(GetVersion) == 2
    assert not any(isinstance(question, GetAll) for question in asked)
    assert entities(replica) == origin.state
    assert replica.following and replica.revision == 1000


def test_a_repaired_update_names_the_fields_that_differ(replica: Replica, origin: Origin) -> None:
    spoil(replica, "e5", 7)
    replica.hear_bookmark(origin.bookmark(), 1.0)
    ((one,), _) = mend(replica, origin)
    assert (one.change.changed, one.old) == (("value",), {"id": "e5", "value": 7})


def test_without_the_old_state_a_repaired_update_names_all_fields(origin: Origin) -> None:
    replica = Replica(jitter=lambda: 1.0)
    origin.serve(replica, 0.0)
    spoil(replica, "e5", 7)
    replica.hear_bookmark(origin.bookmark(), 1.0)
    ((one,), _) = mend(replica, origin)
    assert (one.change.changed, one.old) == (("id", "value"), None)


def test_what_is_heard_meanwhile_is_asked_for_afterwards(replica: Replica, origin: Origin) -> None:
    spoil(replica, "e5", 7)
    replica.hear_bookmark(origin.bookmark(), 1.0)
    origin.record("e6", 2)
    assert replica.hear_changes(origin.after(1001, 1001), 1.0) == []
    applied, asked = mend(replica, origin)
    assert [(one.change.id, one.repaired) for one in applied] == [("e5", True), ("e6", False)]
    assert isinstance(asked[-1], AskChanges)
    assert entities(replica) == origin.state


def test_too_many_differences_get_all_again(replica: Replica, origin: Origin) -> None:
    for number in range(FEW + 1):
        spoil(replica, f"e{number}", 7)
    replica.hear_bookmark(origin.bookmark(), 1.0)
    applied, asked = mend(replica, origin)
    assert applied == []
    assert isinstance(asked[-1], GetAll)
    assert f"{FEW + 1} or more entities differ" in asked[-1].reason
    assert entities(replica) == origin.state


def test_what_cannot_be_narrowed_gets_all_again(replica: Replica, origin: Origin) -> None:
    spoil(replica, "e5", 7)
    replica.hear_bookmark(origin.bookmark(), 1.0)
    error = errors.ServerTooOld("an older server")
    replica.failed(error, 1.0)
    assert replica.question(1.0) == GetAll("an older server")


def test_compacted_amid_a_repair_gets_all_again(replica: Replica, origin: Origin) -> None:
    spoil(replica, "e5", 7)
    replica.hear_bookmark(origin.bookmark(), 1.0)
    assert origin.serve(replica, 1.0) == []
    origin.record("e5", 3)
    origin.compact()
    origin.serve(replica, 1.0)
    assert isinstance(replica.question(1.0), GetAll)


def test_a_failed_call_is_asked_again_where_it_was(replica: Replica, origin: Origin) -> None:
    spoil(replica, "e5", 7)
    replica.hear_bookmark(origin.bookmark(), 1.0)
    origin.serve(replica, 1.0)
    question = replica.question(1.0)
    assert isinstance(question, AskRoster)
    replica.failed(errors.NobodyAnswers(), 1.0)
    assert replica.question(1.0) is None
    assert replica.question(replica.wakes_at()) == question


def test_a_server_that_agrees_at_last_is_believed(replica: Replica, origin: Origin) -> None:
    replica.hear_bookmark(dataclasses.replace(origin.bookmark(), digest=99), 1.0)
    assert isinstance(replica.question(1.0), AskDigests)
    applied, asked = mend(replica, origin)
    assert (applied, len(asked)) == ([], 1)
    assert replica.following


def test_differences_that_come_again_and_again_are_asked_about_ever_less_often(
    replica: Replica, origin: Origin
) -> None:
    waits = []
    now = 1.0
    for _ in range(8):
        replica.hear_bookmark(dataclasses.replace(origin.bookmark(), digest=99), now)
        waits.append(replica.wakes_at() - now)
        now = replica.wakes_at()
        origin.serve(replica, now)
    assert waits == [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0]


def test_on_request_it_compares_without_being_told_anything(
    replica: Replica, origin: Origin
) -> None:
    before = replica.proofs
    replica.verify()
    applied, asked = mend(replica, origin)
    assert (applied, asked) == ([], [AskChanges("epoch-1", 1000)])
    assert replica.proofs == before + 1
    spoil(replica, "e5", 7)
    replica.verify()
    applied, _ = mend(replica, origin)
    assert [one.change.id for one in applied] == ["e5"]
    assert entities(replica) == origin.state


def test_one_difference_among_many_costs_one_small_roster(replica: Replica, origin: Origin) -> None:
    spoil(replica, "e5", 7)
    replica.hear_bookmark(origin.bookmark(), 1.0)
    _, asked = mend(replica, origin)
    digests, roster, version = asked
    assert isinstance(digests, AskDigests) and 1 << digests.bits == 16
    assert isinstance(roster, AskRoster)
    assert roster.bucket == fingerprint.bucket_of("e5", digests.bits)
    assert isinstance(version, GetVersion)
