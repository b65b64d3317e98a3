# SPDX-License-Identifier: Apache-2.0
"""The ledger against a model that keeps every state of one stream in plain dicts.

Two writers, one of them often stale, a relay that may die before it marks, compaction,
rules, epochs, restarts and restored backups, in any order.
"""

import copy
import hashlib
import itertools
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from synchronizer import errors
from synchronizer.fingerprint import DIGEST_MODULUS, digest
from synchronizer.ledger import Ledger, NewRules, StreamState, Version, Write, commit
from tests.unit.ledger.builders import KEY, NO_LIMITS, create, delete, update

IDS = st.sampled_from("abcdef")
FILE, BACKUP, STATE = "ledger.sqlite", "backup", "state"
#: id -> (revision, fingerprint, JSON)
Live = dict[str, tuple[int, bytes, bytes]]


@dataclass
class Model:
    """What the stream must be. `states[r]` and `log[r]` cover the present epoch alone."""

    epoch: str
    revision: int = 0
    published: int = 0
    floor: int = 0
    listed_at: int | None = None
    rules: int = 0
    states: dict[int, Live] = field(default_factory=lambda: {0: {}})
    log: dict[int, Write] = field(default_factory=dict)
    committed_at: dict[int, int] = field(default_factory=dict)

    @property
    def live(self) -> Live:
        return self.states[self.revision]

    def record(self, write: Write, now: int) -> None:
        after = dict(self.live)
        self.revision += 1
        after.pop(write.id, None)
        if write.fingerprint is not None and write.entity is not None:
            after[write.id] = (self.revision, write.fingerprint, write.entity)
        self.states[self.revision] = after
        self.log[self.revision] = write
        self.committed_at[self.revision] = now

    def renumber(self, state: StreamState) -> None:
        live = self.live
        self.epoch, self.revision = state.epoch, state.revision
        self.published = self.floor = state.revision
        self.states = {self.revision: live}
        self.log, self.committed_at = {}, {}


class Clock:
    """Stands for the module `time` within a commit."""

    now = 1_000

    def time_ns(self) -> int:
        return self.now * 1000


def match_of(text: bytes, rules: int) -> bytes:
    return hashlib.sha256(text + str(rules).encode()).digest()[:16]


class LedgerMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = Clock()
        self.patched = patch.object(commit, "time", self.clock)
        self.patched.start()
        self.ledgers: list[Ledger] = []
        self.backup: Model | None = None
        #: (epoch, revision) -> what was said of it on the bus
        self.said: dict[tuple[str, int], tuple[str, bytes | None]] = {}
        self.numbers = 0

    @initialize()
    def begin(self) -> None:
        self.open()
        state = self.ledgers[0].ensure_stream(KEY, "0")
        self.id = state.id
        self.model = Model(state.epoch)
        self.seen = [state, state]

    def open(self) -> None:
        url = f"sqlite:///{self.folder / FILE}"
        self.ledgers = [
            Ledger.open(url, state_path=self.folder / STATE, migrate=True) for _ in range(2)
        ]

    def close(self) -> None:
        for ledger in self.ledgers:
            ledger.close()

    def teardown(self) -> None:
        self.close()
        self.patched.stop()
        shutil.rmtree(self.folder)

    # --- writing ----------------------------------------------------------

    @rule(writer=st.integers(0, 1))
    def look(self, writer: int) -> None:
        self.seen[writer] = self.ledgers[writer].baseline(self.id)[0]

    @rule(
        writer=st.integers(0, 1),
        ids=st.lists(IDS, unique=True, max_size=5),
        drop=st.booleans(),
        listed=st.booleans(),
        passing=st.integers(0, 3),
    )
    def commit(self, writer: int, ids: list[str], drop: bool, listed: bool, passing: int) -> None:
        self.clock.now += passing
        writes = [self.write(id_, drop) for id_ in ids]
        listed_at = self.clock.now if listed or not ids else None
        state, model = self.seen[writer], self.model
        current = (state.epoch, state.revision, state.rules) == (
            model.epoch,
            model.revision,
            str(model.rules),
        )
        if not current:
            with pytest.raises(errors.Refused):
                self.ledgers[writer].commit(state, writes, listed_at=listed_at)
            return
        self.seen[writer] = self.ledgers[writer].commit(state, writes, listed_at=listed_at)
        for write in writes:
            model.record(write, self.clock.now)
        if listed_at is not None:
            model.listed_at = max(listed_at, (model.listed_at or 0) + 1)

    def write(self, id_: str, drop: bool) -> Write:
        self.numbers += 1
        if id_ not in self.model.live:
            made = create(id_, n=self.numbers)
        elif drop:
            return delete(id_)
        else:
            made = update(id_, n=self.numbers)
        assert made.fingerprint is not None
        assert made.entity is not None
        return Write(
            made.op,
            id_,
            made.fingerprint,
            match_of(made.entity, self.model.rules),
            made.base,
            made.sampled_at,
            made.entity,
        )

    @rule()
    def change_the_rules(self) -> None:
        self.model.rules += 1
        rules = self.model.rules
        self.ledgers[0].ensure_stream(KEY, NewRules(str(rules), lambda text: match_of(text, rules)))

    # --- publishing, forgetting -------------------------------------------

    @rule(limit=st.integers(1, 4), dies=st.booleans())
    def publish(self, limit: int, dies: bool) -> None:
        found = self.ledgers[0].changes(
            self.id, self.model.published, limit=limit, max_bytes=1 << 20
        )
        if not found.versions:
            return
        last = found.versions[-1].revision
        self.ledgers[0].high_water.record(KEY, self.model.epoch, last)
        for version in found.versions:
            said = self.said.setdefault(
                (self.model.epoch, version.revision), (version.id, version.fingerprint)
            )
            assert said == (version.id, version.fingerprint), "one number, two contents"
        if not dies:
            assert self.ledgers[0].mark_published(
                self.id, self.model.epoch, self.model.published, last
            )
            self.model.published = last

    @rule(age=st.integers(0, 8), limit=st.integers(1, 5))
    def compact(self, age: int, limit: int) -> None:
        older_than = self.clock.now - age
        self.ledgers[1].compact(self.id, older_than, limit=limit)
        floor = self.ledgers[1].state(self.id).floor
        assert floor >= self.model.floor
        if floor > self.model.floor:
            assert floor <= self.model.published
            assert self.model.committed_at[floor] < older_than
        self.model.floor = floor

    @rule()
    def compact_all(self) -> None:
        older_than = self.clock.now + 1
        while self.ledgers[0].compact(self.id, older_than, limit=3):
            pass
        self.model.floor = self.ledgers[0].state(self.id).floor
        # Nothing is left but what lives, what is above `published`, and what that superseded.
        alive = {revision for revision, _, _ in self.model.states[self.model.published].values()}
        newer = range(self.model.published + 1, self.model.revision + 1)
        for id_ in {self.model.log[revision].id for revision in newer}:
            of_id = (r for r, write in self.model.log.items() if write.id == id_)
            alive.add(max((r for r in of_id if r <= self.model.published), default=0))
        for revision in range(1, self.model.published + 1):
            write = self.model.log.get(revision)
            if write is not None and revision not in alive:
                with pytest.raises(errors.Compacted):
                    self.ledgers[0].version(self.id, write.id, revision)

    # --- epochs, restarts, backups ----------------------------------------

    @rule(above=st.integers(0, 60))
    def new_epoch(self, above: int) -> None:
        state = self.ledgers[0].new_epoch(self.id, "the operator says so", above=above)
        assert state.revision == max(self.model.revision, above) + 1
        self.model.renumber(state)

    @rule()
    def restart(self) -> None:
        self.close()
        self.open()

    @rule()
    def back_up(self) -> None:
        self.close()
        shutil.copy(self.folder / FILE, self.folder / BACKUP)
        self.backup = copy.deepcopy(self.model)
        self.open()

    @precondition(lambda self: self.backup is not None)
    @rule()
    def restore(self) -> None:
        assert self.backup is not None
        mark = self.ledgers[0].high_water.get(KEY)
        self.close()
        (self.folder / FILE).write_bytes((self.folder / BACKUP).read_bytes())
        self.model = copy.deepcopy(self.backup)
        self.open()
        state = self.ledgers[0].state(self.id)
        passed = mark is None or self.model.revision > mark[1]
        if passed or mark == (self.model.epoch, self.model.revision):
            assert state.epoch == self.model.epoch
        else:
            assert mark is not None
            assert state.revision > mark[1]
            assert state.epoch not in {mark[0], self.model.epoch}
            self.model.renumber(state)

    # --- what must hold at any time ---------------------------------------

    @invariant()
    def the_row_is_the_models(self) -> None:
        model, state = self.model, self.ledgers[0].state(self.id)
        assert (
            state.epoch,
            state.revision,
            state.published,
            state.floor,
            state.listed_at,
            state.rules,
        ) == (
            model.epoch,
            model.revision,
            model.published,
            model.floor,
            model.listed_at,
            str(model.rules),
        )
        assert (state.count, state.digest) == proof(model.live)

    @invariant()
    def the_baseline_is_the_models(self) -> None:
        _, rows = self.ledgers[1].baseline(self.id)
        assert {row.id: (row.revision, row.fingerprint, row.match) for row in rows} == {
            id_: (revision, fingerprint, match_of(text, self.model.rules))
            for id_, (revision, fingerprint, text) in self.model.live.items()
        }

    @invariant()
    def every_snapshot_that_may_be_asked_is_the_models(self) -> None:
        model = self.model
        for at in range(model.floor, model.revision + 1):
            page = self.ledgers[0].snapshot_page(self.id, model.epoch, at, 0, **NO_LIMITS)
            assert {v.id: (v.revision, v.fingerprint, v.entity) for v in page.versions} == (
                model.states[at]
            )
            roster = self.ledgers[0].roster(self.id, model.epoch, at, 0, limit=100).entries
            assert {entry.id: (entry.revision, entry.fingerprint) for entry in roster} == {
                id_: (revision, fingerprint)
                for id_, (revision, fingerprint, _) in model.states[at].items()
            }
            _, buckets = self.ledgers[0].digests(self.id, model.epoch, at, 1)
            count, total = proof(model.states[at])
            assert sum(bucket.count for bucket in buckets) == count
            assert sum(bucket.digest for bucket in buckets) % DIGEST_MODULUS == total
        if model.floor > 0:
            with pytest.raises(errors.Compacted):
                self.ledgers[0].snapshot_page(self.id, model.epoch, model.floor - 1, 0, **NO_LIMITS)

    @invariant()
    def the_change_log_is_the_models(self) -> None:
        model = self.model
        found = self.ledgers[1].changes(self.id, model.floor, **NO_LIMITS).versions
        assert [v.revision for v in found] == list(range(model.floor + 1, model.revision + 1))
        for version in found:
            self.agrees(version)
        if model.floor > 0:
            with pytest.raises(errors.Compacted):
                self.ledgers[1].tail(self.id, model.floor - 1)

    @invariant()
    def every_history_hangs_together_and_lacks_nothing_above_the_floor(self) -> None:
        model = self.model
        for id_ in "abcdef":
            found = self.ledgers[1].history(self.id, id_, **NO_LIMITS).versions
            assert all(version.id == id_ for version in found)
            for newer, older in itertools.pairwise(found):
                assert (newer.revision, newer.op == "create") == (
                    older.superseded,
                    older.op == "delete",
                )
            told = {version.revision: version for version in found}
            kept = {r for r, write in model.log.items() if write.id == id_ and r > model.floor}
            assert kept == {r for r in told if r > model.floor}
            for revision in kept:
                self.agrees(told[revision])
            if id_ in model.states[model.floor]:
                assert model.states[model.floor][id_][0] in told
            assert [version.superseded for version in found[:1]] in ([], [None])

    def agrees(self, version: Version) -> None:
        write = self.model.log[version.revision]
        assert (version.id, version.op, version.entity) == (write.id, write.op, write.entity)
        assert (version.count, version.digest) == proof(self.model.states[version.revision])
        assert version.changed == (("n",) if write.op == "update" else ())


def proof(live: Live) -> tuple[int, int]:
    return len(live), digest((id_, found[1]) for id_, found in live.items())


def test_the_ledger_behaves_as_the_model() -> None:
    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
