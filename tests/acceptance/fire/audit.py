# SPDX-License-Identifier: Apache-2.0
"""What must hold of all that was recorded, heard and applied, whatever was killed.

Everything is read from outside: the ledger, the consumer's log, the cloud's own log.
The cloud's log is read last: it knows of everything that the others can know.
"""

import functools

import msgspec

from synchronizer.ledger import Changes, Ledger, SnapshotPage, StreamState, Version
from tests.acceptance.fire.consumer import Line
from tests.acceptance.fire.failure import Broken
from tests.acceptance.fire.truth import Entity, differences, state_of
from tests.acceptance.fire.world import World

_line = msgspec.json.Decoder(Line)
_OPS = {"added": ("create", "update"), "updated": ("update", "create"), "deleted": ("delete",)}


class Audit:
    """`check` after each round takes up where the one before ended."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._epoch = world.state().epoch
        self._offset = 0
        self._lines: list[Line] = []
        self._recorded: dict[int, Version] = {}
        self._revision = 0
        self._followed: int | None = None
        self._demoted = False
        #: The highest revision of which each was heard, from where hearing was known to work.
        self._heard: set[int] = set()
        self.deletes = 0
        self.changes = 0

    def hears(self) -> bool:
        """Whether the consumer has heard that the stream stands where it does."""
        self._read_log()
        revision = self._world.state().revision
        begun = max((n for n, line in enumerate(self._lines) if line.what == "begun"), default=0)
        return any(
            line.what == "bookmark" and line.revision >= revision for line in self._lines[begun:]
        )

    def check(self, *, heard_from: int | None, demoted: bool = False) -> None:
        """`Broken` unless all holds. `heard_from`: every later revision must have been heard.
        `demoted`: the credential was no administrator's for a while, and was shown less."""
        self._demoted = demoted
        self._read_log()
        self._read_ledger()
        self._world.truth.read()
        self._check_recorded()
        for line in self._lines:
            self._check_line(line)
        if heard_from is not None:
            missed = [r for r in range(heard_from + 1, self._revision + 1) if r not in self._heard]
            if missed:
                raise Broken(
                    "published at least once",
                    f"{len(missed)} revisions were never heard, the first is {missed[0]}",
                )
        self._lines.clear()

    def forget(self) -> None:
        """Of what is superseded nothing more can be told: the consumer has it all."""
        self._recorded = {r: v for r, v in self._recorded.items() if v.superseded is None}

    def check_proof(self) -> None:
        """A listing that began after the last change was proven: the ledger is the cloud."""
        wrong = differences(self._live(), self._world.truth.live)
        if wrong:
            raise Broken("a proven listing is the truth", "; ".join(wrong))

    def copy_of_ledger(self) -> dict[str, Entity]:
        return self._live()

    # --- reading ------------------------------------------------------------

    def _read_log(self) -> None:
        with (self._world.path / "consumer.jsonl").open("rb") as file:
            file.seek(self._offset)
            data = file.read()
        end = data.rfind(b"\n") + 1
        self._offset += end
        for text in data[:end].splitlines():
            if text:
                line = _line.decode(text)
                self._lines.append(line)
                if line.what == "heard":
                    self._heard.update(range(line.first, line.last + 1))

    def _read_ledger(self) -> None:
        world = self._world
        self._new: list[Version] = []
        while True:
            read = world.ask(self._tail)
            if read.state.epoch != self._epoch:
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

    def _check_line(self, line: Line) -> None:
        truth = self._world.truth
        if line.what == "begun" or line.what == "resynced":
            self._followed = None
        elif line.what == "synced":
            self._followed = line.revision
            alive = [id_ for id_ in line.vanished if not truth.was_gone(id_, line.at)]
            if alive:
                raise Broken(
                    "no false delete", f"{len(alive)} vanished and were there, {alive[0]} is one"
                )
        elif line.what in _OPS:
            self._check_change(line)

    def _check_change(self, line: Line) -> None:
        truth = self._world.truth
        if line.what == "deleted":
            if not truth.was_gone(line.id, line.at):
                raise Broken("no false delete", f"the consumer lost {line.id}, which was there")
        elif not self._was(line.id, line.state):
            raise Broken("whole entities", f"the consumer got {line.id} as it never was")
        if self._followed is not None:
            if line.revision <= self._followed:
                raise Broken("order", f"revision {line.revision} came after {self._followed}")
            self._followed = line.revision
        version = self._recorded.get(line.revision)
        if (
            version is None
            or version.id != line.id
            or version.op not in _OPS[line.what]
            or version.sampled_at != line.sampled_at
        ):
            raise Broken(
                "committed before published",
                f"revision {line.revision} of {line.id} was told, but the ledger "
                + (
                    "has none"
                    if version is None
                    else f"has {version.op} of {version.id} there, sampled at "
                    f"{version.sampled_at} and not at {line.sampled_at}"
                ),
            )
