# SPDX-License-Identifier: Apache-2.0
"""The protocol test can fail: break a part, and it is found."""

from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import rule, run_state_machine_as_test

from synchronizer.client.follower import Follower
from synchronizer.client.live import Applied
from synchronizer.client.replica import Replica
from synchronizer.client.token import Position
from synchronizer.client.values import RosterPage
from synchronizer.ledger import epochs
from synchronizer.model import Bookmark, ChangeSet
from synchronizer.publishing import Relay
from synchronizer.publishing.batch import Batch
from tests.unit.protocol.machine import TWO, WISHES, Protocol
from tests.unit.protocol.writer import Wish


class MarksFirst(Relay):
    """Marks before it publishes."""

    def publish_batch(self, batch: Batch) -> None:
        super().mark_batch(batch)
        super().publish_batch(batch)

    def mark_batch(self, batch: Batch) -> bool:
        return True


class RecordsNothing(Relay):
    """Does not note outside of the ledger what it publishes."""

    def record_high_water(self, batch: Batch) -> None:
        return


class SeesNoGap(Replica):
    """Applies whatever comes."""

    def hear_changes(self, heard: ChangeSet, now: float) -> list[Applied]:
        if self.following and heard.epoch == self.epoch and heard.last > self.revision:
            self.revision = max(self.revision, heard.first - 1)
        return super().hear_changes(heard, now)


class SeesNoSilence(Replica):
    """Waits for ever."""

    def _touch(self, now: float) -> None:
        self._silent_at = float("inf")


class ResumesTooFar(Replica):
    """Takes the first change after its token for told."""

    def roster(self, page: RosterPage, now: float) -> list[Applied]:
        applied = super().roster(page, now)
        if self.following and self.catching_up:
            self.revision += 1
        return applied


class BelievesItself(Replica):
    """Takes what it holds for right where digests differ."""

    def _verify(self, count: int, digest: int, now: float) -> bool:
        return True


class SavesTooEarly(Follower):
    """A token stands for all of a message when the first event of it was told."""

    def _position(self, one: Applied, *, last: bool) -> Position | None:
        replica = self.replica
        return Position(replica.epoch or "", replica.revision, replica.live.digest)


class IgnoresBookmarks(Replica):
    """Asks nothing on account of a bookmark."""

    def hear_bookmark(self, bookmark: Bookmark, now: float) -> None:
        self._touch(now)


#: Without the rule for what can happen to a consumer, and with a change to each message: there
#: is enough that can happen.
FORTUNATE: dict[str, Any] = {"suffer": None, "max_bytes": 400}
#: With it, and without what happens to the others.
QUIET: dict[str, Any] = dict.fromkeys(
    ("back_up", "restore", "turn_with_event", "deliver_late", "happen", "turn")
)


@rule(writer=TWO, relay=TWO, told=WISHES, instead=WISHES)
def come_back(
    self: Protocol, writer: int, relay: int, told: list[Wish], instead: list[Wish]
) -> None:
    """A backup takes the place of what was published since, and others take its numbers."""
    self.back_up()
    self.flow(writer, relay, told)
    self.restore(as_other_file=False)
    self.commit(writer, instead, listed=False)
    self.daemon.turn(relay)


#: And with what takes chance long to come to.
UNFORTUNATE: dict[str, Any] = FORTUNATE | {"come_back": come_back}


def mutant(**parts: Any) -> type[Protocol]:
    return type("Mutant", (Protocol,), parts)


def is_found(machine: type[Protocol], complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=200,
                stateful_step_count=40,
                phases=[Phase.generate],
                derandomize=True,
                database=None,
                deadline=None,
                print_blob=False,
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
            ),
        )


def test_a_relay_that_marks_first_is_found(empty: Path) -> None:
    machine = mutant(empty=empty, relay_class=MarksFirst, **FORTUNATE)
    is_found(machine, "was marked and never published")


def test_a_relay_that_records_nothing_is_found(empty: Path) -> None:
    is_found(mutant(empty=empty, relay_class=RecordsNothing, **UNFORTUNATE), "has two contents")


@pytest.mark.parametrize(
    ("replica", "complaint"),
    [
        (SeesNoGap, "was applied after"),
        (SeesNoSilence, "it may wait for ever"),
        (IgnoresBookmarks, "a loss is not noticed|never comes to rest"),
    ],
)
def test_a_broken_replica_is_found(empty: Path, replica: type[Replica], complaint: str) -> None:
    is_found(mutant(empty=empty, replica_class=replica, **FORTUNATE), complaint)


@pytest.mark.parametrize(
    ("replica", "complaint"),
    [
        (ResumesTooFar, "was told after|although told up to"),
        (BelievesItself, "another digest is not noticed|never comes to rest"),
    ],
)
def test_a_replica_that_does_not_look_is_found(
    empty: Path, replica: type[Replica], complaint: str
) -> None:
    is_found(mutant(empty=empty, replica_class=replica, **QUIET), complaint)


def test_a_token_that_stands_for_what_was_not_told_yet_is_found(empty: Path) -> None:
    machine = mutant(empty=empty, follower_class=SavesTooEarly, **QUIET)
    is_found(machine, "was told after|although told up")


def test_a_ledger_that_keeps_its_epoch_after_a_restore_is_found(empty: Path) -> None:
    with patch.object(epochs, "settle_marks"):
        is_found(mutant(empty=empty, **UNFORTUNATE), "has two contents")
