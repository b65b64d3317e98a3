# SPDX-License-Identifier: Apache-2.0
"""The ledger as everybody sees it: one object per process, safe for its threads."""

import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path

from oslo_log import log as logging
from sqlalchemy import Connection, insert, select

from synchronizer.ledger import (
    compaction,
    conditions,
    epochs,
    held,
    history,
    owners,
    reading,
    rosters,
    streams,
)
from synchronizer.ledger import (
    migrate as migration,
)
from synchronizer.ledger import (
    rules as rule_change,
)
from synchronizer.ledger.activity import Activities
from synchronizer.ledger.commit import Commit
from synchronizer.ledger.engine import Database
from synchronizer.ledger.highwater import HighWater
from synchronizer.ledger.listings import Listings
from synchronizer.ledger.measuring import OnCommit, measured, tell_nobody
from synchronizer.ledger.payload import Payloads
from synchronizer.ledger.rules import NewRules
from synchronizer.ledger.schema import meta
from synchronizer.ledger.values import (
    Bucket,
    Changes,
    Condition,
    History,
    Hold,
    Live,
    RosterPage,
    SnapshotPage,
    StreamState,
    TailEntry,
    Verdict,
    Version,
    Write,
)
from synchronizer.model import StreamKey

LOG = logging.getLogger(__name__)


class Ledger:
    """Streams and their versions in one database. Made by `open`.

    Every method may raise `errors.LedgerUnavailable` (try again) and
    `errors.LedgerUnusable` (a person must act), and `errors.NotFound` for a stream
    that does not exist; further errors are named where they are raised.
    """

    def __init__(
        self,
        database: Database,
        high_water: HighWater,
        seed: int,
        on_commit: OnCommit = tell_nobody,
    ) -> None:
        self._database = database
        self._on_commit = on_commit
        self._payloads = Payloads()
        #: How far each stream was published, as the relay noted outside the database.
        self.high_water = high_water
        #: Whose turn it is to list a stream.
        self.listings = Listings(database)
        #: What sampling each stream has cost its service.
        self.activity = Activities(database)
        #: The secret key of this ledger's fingerprints.
        self.seed = seed
        #: Where it is, without a password.
        self.url = database.dialect.where

    @classmethod
    def open(
        cls,
        url: str,
        *,
        state_path: Path,
        migrate: bool = False,
        on_commit: OnCommit = tell_nobody,
    ) -> "Ledger":
        """Open the ledger, after the process was forked.

        Begins new epochs where the database is not the one that the streams were
        numbered in, or is behind the marks in `state_path`. Creates or updates the tables
        only if `migrate`. A missing SQLite file is created, for its owner only. `on_commit` is
        told of each commit, by whichever thread made it.
        """
        high_water = HighWater(state_path)
        database = Database(url)
        try:
            migration.ensure(database, migrate=migrate)
            marks = high_water.all()  # before the transaction: no later than what it sees
            with database.alone() as connection:
                epochs.settle_identity(connection, database.dialect.identity(connection))
                epochs.settle_marks(connection, marks)
                seed = _seed(connection)
                weaknesses = database.dialect.weaknesses(connection) if migrate else ()
        except BaseException:
            database.close()
            raise
        for weakness in weaknesses:
            LOG.warning(
                "the ledger %s may lose what was published when its host crashes: %s",
                database.dialect.where,
                weakness,
            )
        return cls(database, high_water, seed, on_commit)

    def close(self) -> None:
        """Give back all connections."""
        self._database.close()

    def check(self) -> None:
        """Raise `errors.LedgerUnusable` when the file under us was replaced. Cheap."""
        self._database.dialect.check()

    def pulse(self) -> object:
        """A value that differs after any commit by anybody. Cheap: for polling."""
        return self._database.pulse()

    # --- streams ----------------------------------------------------------

    def streams(self) -> list[StreamState]:
        """Every stream, by cloud and type."""
        with self._database.read() as connection:
            return streams.load_all(connection)

    def find(self, key: StreamKey) -> StreamState | None:
        """The stream of this key, if there is one."""
        with self._database.read() as connection:
            return streams.find(connection, key)

    def state(self, stream_id: int) -> StreamState:
        """One stream."""
        with self._database.read() as connection:
            return streams.load(connection, stream_id)

    def ensure_stream(
        self, key: StreamKey, rules: NewRules | str, *, fence: int | None = None
    ) -> StreamState:
        """The stream of this key under these rules; created when missing.

        When they differ from those in force they are put in force, see `rules.py`; that
        takes seconds for 100,000 entities. `ValueError` if only their name was given,
        `errors.Fenced` when somebody else puts others in force at the same time, or has
        claimed the stream since the caller did (`fence`).
        """
        if isinstance(rules, str):
            name, new = rules, None
        else:
            name, new = rules.name, rules
        mark = self.high_water.get(key)
        state = self.find(key)
        if state is None:
            with self._database.alone() as connection:
                state = streams.find(connection, key)  # who has made it meanwhile?
                if state is None:
                    return epochs.first(connection, key, name, mark)
        if state.rules == name:
            return state
        if new is None:
            raise ValueError(f"{key}: the rules differ, and nothing was given to match anew by")
        return rule_change.change(self._database, self._payloads, state.id, new, fence)

    def claim(self, stream_id: int, owner: str) -> StreamState:
        """Take a stream over: from now on commits by anybody else are `errors.Fenced`."""
        with self._database.write() as connection:
            return streams.claim(connection, stream_id, owner)

    def beat(self, owner: str) -> int:
        """A sign of life in every stream that this owner has; how many these are."""
        with self._database.write() as connection:
            return owners.beat(connection, owner)

    def signs_of_life(self, stream_ids: Sequence[int]) -> object:
        """A value that differs after any sign of life, or claim, in one of the streams."""
        with self._database.read() as connection:
            return owners.signs(connection, stream_ids)

    def mark_published(self, stream_id: int, epoch: str, expected: int, published: int) -> bool:
        """Raise `published` from `expected`; False when it, or the epoch, is another by now."""
        with self._database.write() as connection:
            return streams.mark_published(connection, stream_id, epoch, expected, published)

    # --- writing ----------------------------------------------------------

    def commit(
        self, state: StreamState, writes: Sequence[Write], *, listed_at: int | None = None
    ) -> StreamState:
        """Record changes by one who has seen everything up to `state`.

        The i-th write becomes revision `state.revision` + 1 + i. At most 1000, each id
        once. `listed_at`: these end a complete listing that began then; none at all is
        the empty one. All or nothing, on disk when it returns. `errors.Refused` when the
        stream has moved on since `state`, `errors.Fenced` when somebody claimed it;
        `ValueError` for writes that contradict themselves or what is live.
        """
        rule_change.require_settled(state)
        largest = self._database.dialect.largest_payload
        prepared = Commit(state, writes, listed_at, self._payloads, largest)
        with measured(self._on_commit), self._database.write() as connection:
            return prepared.run(connection)

    def compact(self, stream_id: int, older_than: int, *, limit: int = 1000) -> int:
        """Delete versions superseded, and tombstones committed, before an instant.

        At most `limit`, and none above `published`; the number deleted.
        """
        with self._database.write() as connection:
            return compaction.compact(connection, stream_id, older_than, limit)

    # --- reading ----------------------------------------------------------

    def baseline(self, stream_id: int) -> tuple[StreamState, list[Live]]:
        """What lives now, without payloads, in one consistent read."""
        with self._database.read() as connection:
            return reading.baseline(connection, stream_id)

    def tail(self, stream_id: int, after: int) -> tuple[StreamState, list[TailEntry]]:
        """Every revision above `after`, in one consistent read.

        `errors.Compacted` below the floor, `errors.EpochChanged` above the revision.
        """
        with self._database.read() as connection:
            return reading.tail(connection, stream_id, after)

    def changes(self, stream_id: int, since: int, *, limit: int, max_bytes: int) -> Changes:
        """At most `limit` revisions above `since` with at most `max_bytes` of entities.

        One at least, if there is any. `errors.Compacted` below the floor,
        `errors.EpochChanged` above the revision.
        """
        with self._database.read() as connection:
            return reading.changes(connection, self._payloads, stream_id, since, limit, max_bytes)

    def snapshot_page(
        self,
        stream_id: int,
        epoch: str,
        at: int,
        after: int,
        *,
        limit: int,
        max_bytes: int,
    ) -> SnapshotPage:
        """What lived at revision `at`, from above revision `after`.

        At most `limit` with at most `max_bytes` of entities, but one at least. The pages
        of one `at` agree, whatever is committed meanwhile. `errors.EpochChanged`;
        `errors.Compacted` when `at` is below the floor.
        """
        with self._database.read() as connection:
            return reading.snapshot_page(
                connection, self._payloads, stream_id, epoch, at, after, limit, max_bytes
            )

    def version(self, stream_id: int, id_: str, revision: int | None = None) -> Version:
        """The live version of an id, or exactly that revision of it.

        `errors.NotFound`; `errors.Compacted` for a revision that may have existed.
        """
        with self._database.read() as connection:
            return reading.one(connection, self._payloads, stream_id, id_, revision)

    def history(
        self, stream_id: int, id_: str, before: int | None = None, *, limit: int, max_bytes: int
    ) -> History:
        """The versions of an id that are still there, those below revision `before`, newest
        first. At most `limit` with at most `max_bytes` of entities, but one at least, if there
        is any.
        """
        with self._database.read() as connection:
            return history.read(
                connection, self._payloads, stream_id, id_, before, limit, max_bytes
            )

    def digests(
        self, stream_id: int, epoch: str, at: int, bits: int
    ) -> tuple[StreamState, list[Bucket]]:
        """Count and digest of what lived at revision `at`, in each of 2**bits buckets of ids.

        Reads every live version's fingerprint: 0.5 s for 100,000. `errors.EpochChanged`;
        `errors.Compacted` when `at` is below the floor.
        """
        with self._database.read() as connection:
            return rosters.digests(connection, stream_id, epoch, at, bits)

    def roster(
        self,
        stream_id: int,
        epoch: str,
        at: int,
        after: int,
        *,
        bits: int = 0,
        bucket: int = 0,
        limit: int,
    ) -> RosterPage:
        """What lived at revision `at` in a bucket, without content, from above revision `after`.

        At most `limit`; a page may be empty and not the last. Errors as of `digests`.
        """
        with self._database.read() as connection:
            return rosters.page(
                connection, stream_id, epoch, at, after, bits=bits, bucket=bucket, limit=limit
            )

    def born(self, stream_id: int, newest: Version) -> int | None:
        """When the entity of a live version was sampled for the first time since it was last
        gone; None if that is 20,000 revisions of the stream ago, or compacted."""
        with self._database.read() as connection:
            return reading.born(connection, stream_id, newest)

    def entities(self, stream_id: int, ids: Iterable[str]) -> dict[str, bytes]:
        """The live entities (JSON) among these ids."""
        with self._database.read() as connection:
            return reading.entities(connection, self._payloads, stream_id, ids)

    # --- epochs -----------------------------------------------------------

    def new_epoch(self, stream_id: int, reason: str, *, above: int = 0) -> StreamState:
        """Number a stream anew, above all its numbers and above `above`; logged."""
        with self._database.write() as connection:
            return epochs.begin(connection, stream_id, reason, above)

    def verify_digest(self, stream_id: int) -> bool:
        """Do count and digest agree with the live versions? If not: an alarm, a new epoch."""
        with self._database.read() as connection:
            if epochs.verify(connection, streams.load(connection, stream_id)) is None:
                return True
        with self._database.write() as connection:
            return not epochs.mend(connection, stream_id)

    # --- held deletes, failing sources ------------------------------------

    def hold(self, stream_id: int, holds: Sequence[Hold]) -> None:
        """Make these the held deletes of a stream; ids held before keep since and verdict."""
        with self._database.write() as connection:
            held.replace(connection, stream_id, holds)

    def held(self, stream_id: int | None = None) -> list[tuple[StreamKey, Hold]]:
        """The held deletes of one stream, or of all."""
        with self._database.read() as connection:
            return held.load(connection, stream_id)

    def held_count(self, stream_id: int) -> int:
        """How many deletes of a stream are held."""
        with self._database.read() as connection:
            return held.count(connection, stream_id)

    def decide(self, stream_id: int, ids: Iterable[str] | None, verdict: Verdict) -> int:
        """Note an operator's verdict on held ids (None: all); how many were held."""
        with self._database.write() as connection:
            return held.decide(connection, stream_id, ids, verdict)

    def unhold(self, stream_id: int, ids: Iterable[str]) -> None:
        """These ids are held no more."""
        with self._database.write() as connection:
            held.forget(connection, stream_id, ids)

    def set_condition(self, stream_id: int, message: str | None) -> None:
        """The source of a stream fails with this message, or (None) no longer."""
        with self._database.write() as connection:
            conditions.store(connection, stream_id, message)

    def condition(self, stream_id: int) -> Condition | None:
        """Why and since when the source of a stream fails; None while it does not."""
        with self._database.read() as connection:
            return conditions.load(connection, stream_id)


def _seed(connection: Connection) -> int:
    row = connection.execute(select(meta.c.value).where(meta.c.name == "seed")).one_or_none()
    if row is not None:
        return int(row.value)
    seed = secrets.randbits(64)
    connection.execute(insert(meta).values(name="seed", value=str(seed)))
    return seed
