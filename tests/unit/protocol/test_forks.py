# SPDX-License-Identifier: Apache-2.0
"""A backup comes back below what a consumer holds already, and above what was published: the
same epoch, and numbers, go on with other contents."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from synchronizer.client.questions import GetAll, GetOne
from tests.unit.protocol.machine import Protocol
from tests.unit.protocol.writer import BIG


@pytest.fixture
def protocol(empty: Path) -> Iterator[Protocol]:
    class Machine(Protocol):
        pass

    Machine.empty = empty
    made = Machine()
    made.begin([("a", 0)])
    yield made
    made.teardown()


def fork(protocol: Protocol, told: int, then: int) -> None:
    """The consumer is answered a revision that is lost then, and is made again differently."""
    protocol.back_up()
    protocol.commit(0, [("b", told)], listed=False)
    protocol.wait(25.0)
    protocol.consumer.work()
    protocol.restore(as_other_file=False)
    protocol.commit(0, [("b", then)], listed=False)


def test_the_content_of_another_timeline_is_not_taken_for_the_one_that_was_told(
    protocol: Protocol,
) -> None:
    fork(protocol, BIG, BIG + 1)
    epoch = protocol.daemon.state.epoch
    consumer, replica = protocol.consumer, protocol.consumer.replica
    protocol.wait(25.0)
    assert isinstance(replica.question(protocol.now), GetOne)
    consumer.work()
    assert replica.epoch == epoch
    assert "b" not in consumer.entities
    assert isinstance(replica.question(protocol.now), GetAll)


def test_another_content_under_a_number_that_is_held_already_is_noticed(
    protocol: Protocol,
) -> None:
    fork(protocol, 1, 2)
    consumer, replica = protocol.consumer, protocol.consumer.replica
    assert replica.revision == protocol.daemon.state.revision
    assert consumer.entities["b"]["value"] == 1
    protocol.turn(0, 3)
    protocol.deliver(len(protocol.bus), keep=False)
    assert not replica.following
