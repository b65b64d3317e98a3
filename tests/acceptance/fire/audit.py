# SPDX-License-Identifier: Apache-2.0
"""What must hold of all that was recorded, heard and applied, whatever was killed.

Everything is read from outside: the ledger, the consumers' logs, the cloud's own log.
The cloud's log is read last: it knows of everything that the others can know.
"""

import functools

import msgspec

from synchronizer import errors
from synchronizer.ledger import Changes, Ledger, SnapshotPage, StreamState, Version
from tests.acceptance.fire.failure import Broken
from tests.acceptance.fire.following import Following
from tests.acceptance.fire.lines import state_of
from tests.acceptance.fire.truth import Entity, differences
from tests.acceptance.fire.world import World


class Audit:
    """`check` after each round takes up where the one before ended."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._epoch = world.state().epoch
        self._recorded: dict[int, Version] = {}
        self._revision = 0
        self._demoted = False
        self._following = [
            Following(world.path / f"{name}.jsonl", world.truth, self._recorded, self._was)
            for name in world.consumers
        ]
        self.deletes = 0
        self.changes = 0

    def hears(self) -> bool:
        """Whether the consumer has heard that the stream stands where it does."""
        ours = self._following[0]
        ours.read()
        return ours.hears(self._world.state().revision)

    def check(self, *, heard_from: int | None, demoted: bool = False) -> None:
        """`Broken` unless all holds. `heard_from`: every later revision must have been heard.
        `demoted`: the credential was no administrator's for a while, and was shown less."""
        self._demoted = demoted
        for following in self._following:
            following.read()
        self._read_ledger()
        self._world.truth.read()
        self._check_recorded()
        for following in self._following:
            following.check()
        if heard_from is not None:
            heard = self._following[0].heard
            missed = [r for r in range(heard_from + 1, self._revision + 1) if r not in heard]
            if missed:
                raise Broken(
                    "published at least once",
                    f"{len(missed)} revisions were never heard, the first is {missed[0]}",
                )

    def forget(self) -> None:
        """Of what is superseded nothing more can be told: the consumers have it all."""
        superseded = [r for r, v in self._recorded.items() if v.superseded is not None]
        for revision in superseded:
            del self._recorded[revision]
        for following in self._following:
            following.forget()

    def check_proof(self) -> None:
        """A listing that began after the last change was proven: the ledger is the cloud."""
        wrong = differences(self._live(), self._world.truth.live)
        if wrong:
            raise Broken("a proven listing is the truth", "; ".join(wrong))

    def copy_of_ledger(self) -> dict[str, Entity]:
        return self._live()

    # --- reading ------------------------------------------------------------

    def _read_ledger(self) -> None:
        world = self._world
        self._new: list[Version] = []
        while True:
            try:
                read = world.ask(self._tail)
            except (errors.Compacted, errors.EpochChanged):
                # Nothing gets old enough to be forgotten here but by a new epoch.
                read = None
            if read is None or read.state.epoch != self._epoch:
                raise Broken("epochs last", "a new epoch began though the ledger lost nothing")
            if not read.versions:
                return
            for version in read.versions:
                if self._revision and version.revision != self._revision + 1:
                    raise Broken(
                        "revisions are contiguous",
                        f"{version.revision} follows {self._revision}",
                    )
                self._revision = version.revision
                self._recorded[version.revision] = version
                self._new.append(version)

    def _live(self) -> dict[str, Entity]:
        world = self._world
        state = world.state()
        live: dict[str, Entity] = {}
        after = 0
        while True:
            page = world.ask(functools.partial(self._page, state, after))
            for version in page.versions:
                assert version.entity is not None
                live[version.id] = msgspec.json.decode(version.entity)
            if page.done:
                return live
            after = page.last

    def _tail(self, ledger: Ledger) -> Changes:
        return ledger.changes(self._world.stream, self._revision, limit=1000, max_bytes=64 << 20)

    @staticmethod
    def _page(state: StreamState, after: int, ledger: Ledger) -> SnapshotPage:
        return ledger.snapshot_page(
            state.id, state.epoch, state.revision, after, limit=5000, max_bytes=64 << 20
        )

    # --- checking -----------------------------------------------------------

    def _check_recorded(self) -> None:
        truth = self._world.truth
        for version in self._new:
            self.changes += 1
            if version.op == "delete":
                self.deletes += 1
                if not truth.was_gone(version.id, version.committed_at):
                    raise Broken(
                        "no false delete",
                        f"revision {version.revision} deletes {version.id}, which was there",
                    )
                continue
            assert version.entity is not None
            state = state_of(msgspec.json.decode(version.entity))
            if not self._was(version.id, state):
                raise Broken(
                    "whole entities", f"revision {version.revision}: {version.id} never was so"
                )

    def _was(self, id_: str, state: int) -> bool:
        truth = self._world.truth
        seen = (id_, state)
        return seen in truth.states or (self._demoted and seen in truth.member_states)
