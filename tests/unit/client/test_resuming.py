# SPDX-License-Identifier: Apache-2.0
"""A replica that begins where another one ended: it tells what came after, and only that."""

import pytest

from synchronizer import errors
from synchronizer.client.live import Applied
from synchronizer.client.questions import AskRoster, GetAll
from synchronizer.client.replica import Replica
from synchronizer.client.token import Position
from tests.unit.client.origin import Origin


@pytest.fixture
def origin() -> Origin:
    origin = Origin(limit=3)
    for number in range(8):
        origin.record(f"e{number}", 1)
    return origin


def position_of(origin: Origin) -> Position:
    return Position(origin.epoch, origin.revision, origin.bookmark().digest)


def resumed(position: Position) -> Replica:
    replica = Replica(jitter=lambda: 1.0)
    replica.resume(position)
    return replica


def go_on(replica: Replica, origin: Origin) -> list[Applied]:
    told: list[Applied] = []
    while replica.question(1.0) is not None:
        told += origin.serve(replica, 1.0) or []
    return told


def test_what_came_after_is_told_in_order_and_nothing_else(origin: Origin) -> None:
    replica = resumed(position_of(origin))
    origin.record("e0", 2)
    origin.record("e1", None)
    origin.record("new", 1)
    origin.record("e0", 3)
    told = go_on(replica, origin)
    assert [(one.change.revision, one.change.id, one.known) for one in told] == [
        (9, "e0", True),
        (10, "e1", True),
        (11, "new", False),
        (12, "e0", True),
    ]
    assert not any(one.repaired for one in told)
    assert not replica.catching_up and not replica.behind


def test_when_nothing_came_after_it_has_caught_up_at_once(origin: Origin) -> None:
    replica = resumed(position_of(origin))
    assert replica.catching_up and replica.behind
    assert go_on(replica, origin) == []
    assert not replica.catching_up and replica.following
    assert replica.live.agrees(8, origin.bookmark().digest)


def test_what_is_heard_before_it_has_caught_up_is_not_told_twice(origin: Origin) -> None:
    replica = resumed(position_of(origin))
    origin.record("e0", 2)
    assert replica.hear_changes(origin.after(9, 9), 1.0) == []
    told = go_on(replica, origin)
    assert [one.change.revision for one in told] == [9]
    assert replica.hear_changes(origin.after(9, 9), 1.0) == []


def test_it_is_not_caught_up_before_the_present_of_its_first_answer(origin: Origin) -> None:
    replica = resumed(position_of(origin))
    for value in range(2, 9):
        origin.record("e0", value)
    while isinstance(replica.question(1.0), AskRoster):
        origin.serve(replica, 1.0)
    origin.serve(replica, 1.0)
    assert (replica.revision, replica.catching_up) == (11, True)
    go_on(replica, origin)
    assert (replica.revision, replica.catching_up) == (15, False)


def test_another_state_under_the_same_number_is_described_anew(origin: Origin) -> None:
    position = position_of(origin)
    origin.lose("e3")
    replica = resumed(position)
    while isinstance(replica.question(1.0), AskRoster):
        assert origin.serve(replica, 1.0) == []
    question = replica.question(1.0)
    assert isinstance(question, GetAll) and "another state" in question.reason


def test_a_compacted_position_is_described_anew(origin: Origin) -> None:
    replica = resumed(position_of(origin))
    origin.record("e0", 2)
    origin.compact()
    origin.serve(replica, 1.0)
    assert isinstance(replica.question(1.0), GetAll)


def test_another_epoch_is_described_anew(origin: Origin) -> None:
    replica = resumed(position_of(origin))
    origin.begin_anew("epoch-2")
    origin.serve(replica, 1.0)
    assert isinstance(replica.question(1.0), GetAll)


def test_what_is_compacted_between_roster_and_changes_is_described_anew(origin: Origin) -> None:
    replica = resumed(position_of(origin))
    while isinstance(replica.question(1.0), AskRoster):
        origin.serve(replica, 1.0)
    origin.record("e0", 2)
    origin.compact()
    origin.serve(replica, 1.0)
    assert isinstance(replica.question(1.0), GetAll)


def test_an_older_server_describes_all_anew(origin: Origin) -> None:
    replica = resumed(position_of(origin))
    replica.failed(errors.ServerTooOld("an older server"), 1.0)
    assert replica.question(1.0) == GetAll("an older server")


def test_an_outage_while_resuming_is_waited_out(origin: Origin) -> None:
    replica = resumed(position_of(origin))
    origin.serve(replica, 1.0)
    question = replica.question(1.0)
    replica.failed(errors.NobodyAnswers(), 1.0)
    assert replica.question(1.0) is None
    assert replica.question(replica.wakes_at()) == question
