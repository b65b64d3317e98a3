# SPDX-License-Identifier: Apache-2.0
"""A week of churn, in seconds: what the ledger keeps, and takes of the disk, is bounded."""

import pathlib
import random
import time
from collections.abc import Iterator

import pytest

from synchronizer import errors
from synchronizer.fingerprint import encode, fingerprint
from synchronizer.keeping.housekeeping import Housekeeping
from synchronizer.ledger import Hold, Ledger, StreamState, Write
from synchronizer.model import Entity, StreamKey

KEY = StreamKey("one", "nova.server")
ENTITIES, UPDATES, TURNOVER = 2000, 120, 20
STEP, KEEPING, DAY = 3600, 3 * 3600, 86400
RETENTION = DAY
#: The most revisions that are within the retention, or just gone out of it.
WINDOW = (RETENTION + KEEPING + STEP) // STEP * (UPDATES + 2 * TURNOVER)


class Week:
    """A cloud that changes at each step, recorded and published; `now` is its time."""

    def __init__(self, path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_800_000_000
        monkeypatch.setattr(time, "time_ns", lambda: self.now * 1_000_000_000)
        self.path = path
        self.ledger = Ledger.open(f"sqlite:///{path}/l.sqlite", state_path=path, migrate=True)
        self.random = random.Random(7)
        self.cloud: dict[str, Entity] = {}
        self.state = self.ledger.ensure_stream(KEY, "rules")
        for start in range(0, ENTITIES, 1000):
            self.commit([self.create() for _ in range(start, start + 1000)])
        self.keeper = Housekeeping(
            self.ledger,
            retention=RETENTION,
            compact_interval=KEEPING,
            verify_interval=DAY,
            now=lambda: self.now,
        )

    def write(self, op: str, id_: str) -> Write:
        entity = self.cloud[id_]
        print_ = fingerprint(entity, frozenset(), self.ledger.seed)
        return Write(
            op,  # type: ignore[arg-type]
            id_,
            print_,
            print_,
            self.state.revision,
            self.now * 1_000_000,
            encode(entity),
        )

    def create(self) -> Write:
        id_ = f"{self.random.getrandbits(128):032x}"
        # As hard to compress as an entity is, and as big.
        self.cloud[id_] = {"id": id_, "n": 0, "text": self.random.randbytes(700).hex()}
        return self.write("create", id_)

    def update(self, id_: str) -> Write:
        self.cloud[id_] = {**self.cloud[id_], "n": self.now}
        return self.write("update", id_)

    def delete(self, id_: str) -> Write:
        del self.cloud[id_]
        return Write("delete", id_, None, None, self.state.revision, self.now * 1_000_000, None)

    def commit(self, writes: list[Write]) -> None:
        at = self.now * 1_000_000
        self.state = self.ledger.commit(self.state, writes, listed_at=at)
        published = self.ledger.state(self.state.id).published
        assert self.ledger.mark_published(
            self.state.id, self.state.epoch, published, self.state.revision
        )

    def step(self) -> None:
        self.now += STEP
        chosen = self.random.sample(sorted(self.cloud), UPDATES + TURNOVER)
        self.commit(
            [self.update(id_) for id_ in chosen[:UPDATES]]
            + [self.create() for _ in range(TURNOVER)]
            + [self.delete(id_) for id_ in chosen[UPDATES:]]
        )
        if self.now % KEEPING == 0:
            # What goes wrong comes and goes, too.
            self.ledger.set_condition(self.state.id, f"problem at {self.now}")
            held = [Hold(id_, self.state.revision, "absent", self.now) for id_ in chosen[:UPDATES]]
            self.ledger.hold(self.state.id, held)
            self.ledger.high_water.record(KEY, self.state.epoch, self.state.revision)
            self.keeper.keep(verify=self.now % DAY == 0)

    def bytes_on_disk(self) -> int:
        return sum(file.stat().st_size for file in self.path.iterdir())


class Walk:
    """A consumer that takes a snapshot's pages, one now and then."""

    def __init__(self, week: Week) -> None:
        self._ledger, self._at = week.ledger, week.state
        self._expected = {id_: entity["n"] for id_, entity in week.cloud.items()}
        self._seen: dict[str, bytes] = {}
        self._after = 0
        self.done = False

    def go_on(self) -> None:
        at = self._at
        page = self._ledger.snapshot_page(
            at.id, at.epoch, at.revision, self._after, limit=200, max_bytes=1 << 30
        )
        self._seen |= {version.id: version.entity or b"" for version in page.versions}
        self._after, self.done = page.last, page.done
        if self.done:
            assert self._seen.keys() == self._expected.keys()
            for id_, n in self._expected.items():
                assert f'"n":{n},'.encode() in self._seen[id_]


@pytest.fixture
def week(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Week]:
    made = Week(tmp_path, monkeypatch)
    yield made
    made.ledger.close()


def test_a_week_of_churn_takes_no_more_than_live_entities_and_the_retention(week: Week) -> None:
    sizes: list[int] = []
    old: list[StreamState] = []
    walk = Walk(week)
    walked = 0
    for step in range(1, 7 * DAY // STEP + 1):
        week.step()
        walk.go_on()
        if walk.done:
            walk, walked = Walk(week), walked + 1
        if step % (DAY // STEP) == 0:
            sizes.append(week.bytes_on_disk())
            old.append(week.state)
    assert walked > 10  # each took a good part of the retention
    state = week.ledger.state(week.state.id)
    assert (state.count, state.digest) == (ENTITIES, week.state.digest)
    assert state.revision == ENTITIES + 7 * DAY // STEP * (UPDATES + 2 * TURNOVER)
    # Superseded versions and tombstones are those of the retention; the floor follows it.
    assert state.revision - state.floor <= WINDOW
    assert rows(week, "version") <= ENTITIES + WINDOW
    # It grows until the retention is over, and then no more: what is freed is used again.
    assert max(sizes[2:]) <= 1.1 * sizes[1]
    # Who comes from within the retention goes on; who comes from before it is told so.
    assert week.ledger.changes(state.id, old[-2].revision + 200, limit=1, max_bytes=1)
    with pytest.raises(errors.Compacted):
        week.ledger.changes(state.id, old[-3].revision, limit=1, max_bytes=1)
    # Beside it nothing grows.
    assert rows(week, "held") == UPDATES
    assert rows(week, "source_condition") == 1
    assert rows(week, "listing") == 1
    assert week.ledger.high_water.file.stat().st_size < 200
    assert week.ledger.verify_digest(state.id)


def test_nothing_goes_before_it_is_published_and_all_of_it_afterwards(week: Week) -> None:
    lagging = week.state
    publish = week.ledger.mark_published
    week.ledger.mark_published = lambda *_: True  # type: ignore[method-assign]
    for _ in range(2 * DAY // STEP):
        week.step()
    assert week.ledger.state(lagging.id).floor <= lagging.revision
    since = week.ledger.changes(lagging.id, lagging.revision, limit=1 << 30, max_bytes=1 << 40)
    assert len(since.versions) == week.state.revision - lagging.revision
    assert publish(lagging.id, lagging.epoch, lagging.revision, week.state.revision)
    week.keeper.keep(verify=True)
    assert rows(week, "version") <= ENTITIES + WINDOW


def rows(week: Week, table: str) -> int:
    with week.ledger._database.read() as connection:
        return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())  # noqa: S608
