# SPDX-License-Identifier: Apache-2.0
"""One stream as the ledger and its servers have it, in memory: the other side of a replica."""

import dataclasses
import hashlib

from synchronizer import errors, fingerprint
from synchronizer.client.live import Applied
from synchronizer.client.questions import (
    AskChanges,
    AskDigests,
    AskRoster,
    GetAll,
    GetOne,
    GetVersion,
)
from synchronizer.client.replica import Replica
from synchronizer.client.values import (
    Bucket,
    ChangesAnswer,
    Digests,
    RosterItem,
    RosterPage,
    Version,
)
from synchronizer.model import Bookmark, Change, ChangeSet, Entity


@dataclasses.dataclass(frozen=True)
class Recorded:
    change: Change
    count: int
    digest: int


class Origin:
    """`state` is what a replica has to arrive at: id -> entity."""

    def __init__(self, *, limit: int = 3) -> None:
        self.epoch = "epoch-1"
        self.revision = 0
        self.floor = 0
        self.state: dict[str, Entity] = {}
        self.log: list[Recorded] = []
        self.limit = limit
        #: revision -> what lived then, for as long as it is known
        self.past: dict[int, dict[str, Entity]] = {0: {}}

    def _digest(self) -> int:
        return fingerprint.digest((id_, print_of(e)) for id_, e in self.state.items())

    def record(self, id_: str, value: int | None) -> Change:
        """The entity has this value now; None: it is gone."""
        entity = None if value is None else {"id": id_, "value": value}
        known = id_ in self.state
        self.revision += 1
        if entity is None:
            self.state.pop(id_, None)
        else:
            self.state[id_] = entity
        change = Change(
            revision=self.revision,
            op="delete" if entity is None else "update" if known else "create",
            id=id_,
            sampled_at=self.revision,
            fingerprint=None if entity is None else print_of(entity),
            changed=("value",) if known and entity is not None else (),
            entity=entity,
        )
        self.log.append(Recorded(change, len(self.state), self._digest()))
        self.past[self.revision] = dict(self.state)
        return change

    def compact(self) -> None:
        self.floor = self.revision
        self.past = {self.revision: dict(self.state)}

    def begin_anew(self, epoch: str) -> None:
        self.epoch = epoch
        self.revision += 1
        self.compact()
        self.log.clear()

    def lose(self, id_: str) -> None:
        """What no change tells of: only count and digest do."""
        del self.state[id_]
        self.past[self.revision] = dict(self.state)

    def at(self, epoch: str, revision: int) -> dict[str, Entity]:
        """What lived at that revision."""
        if epoch != self.epoch or revision > self.revision:
            raise errors.EpochChanged(epoch=self.epoch)
        if revision not in self.past:
            raise errors.Compacted(floor=self.floor)
        return self.past[revision]

    def digests(self, epoch: str, revision: int, bits: int) -> Digests:
        buckets = [Bucket(0, 0)] * (1 << bits)
        for id_, entity in self.at(epoch, revision).items():
            number = fingerprint.bucket_of(id_, bits)
            count, digest = buckets[number].count + 1, buckets[number].digest
            digest += fingerprint.digest_of(id_, print_of(entity))
            buckets[number] = Bucket(count, digest % fingerprint.DIGEST_MODULUS)
        return Digests("c", "a.b", epoch, revision, bits, tuple(buckets))

    def roster(self, question: AskRoster) -> RosterPage:
        """Pages of `limit`; a cursor is the place from which to go on."""
        live = self.at(question.epoch, question.revision)
        items = [
            RosterItem(id_, question.revision, print_of(entity))
            for id_, entity in sorted(live.items())
            if fingerprint.bucket_of(id_, question.bits) == question.bucket
        ]
        start = int(question.cursor or 0)
        end = start + self.limit
        return RosterPage(tuple(items[start:end]), str(end) if end < len(items) else None)

    def version(self, question: GetVersion) -> Version:
        """The state that the roster told of."""
        entity = self.past[question.revision][question.id]
        assert print_of(entity) == question.fingerprint
        print_ = question.fingerprint
        return Version(
            "c", "a.b", self.epoch, question.id, question.revision, "update", print_, 7, (), entity
        )

    def after(self, first: int, last: int, *, oversized: bool = False) -> ChangeSet:
        """The change set of these revisions, as the relay would send it."""
        chosen = [r for r in self.log if first <= r.change.revision <= last]
        changes = tuple(r.change for r in chosen)
        if oversized:
            changes = tuple(
                dataclasses.replace(c, entity=None, oversized=c.entity is not None) for c in changes
            )
        return ChangeSet(
            "c", "a.b", self.epoch, first, last, chosen[-1].count, chosen[-1].digest, changes
        )

    def bookmark(self, *, next_within: float = 10.0) -> Bookmark:
        return Bookmark(
            "c", "a.b", self.epoch, self.revision, len(self.state), self._digest(), 1, next_within
        )

    def changes(self, epoch: str, since: int) -> ChangesAnswer:
        if epoch != self.epoch:
            raise errors.EpochChanged(epoch=self.epoch)
        if since < self.floor:
            raise errors.Compacted(floor=self.floor)
        chosen = [r for r in self.log if r.change.revision > since][: self.limit]
        return ChangesAnswer(
            epoch=self.epoch,
            first=since + 1,
            last=chosen[-1].change.revision if chosen else since,
            count=chosen[-1].count if chosen else len(self.state),
            digest=chosen[-1].digest if chosen else self._digest(),
            changes=tuple(r.change for r in chosen),
            revision=self.revision,
            listed_at=None,
            held=0,
        )

    def entity(self, revision: int) -> Entity:
        for recorded in self.log:
            entity = recorded.change.entity
            if recorded.change.revision == revision and isinstance(entity, dict):
                return entity
        raise errors.NotFound

    def serve(self, replica: Replica, now: float) -> list[Applied] | None:
        """Answers the replica's question, if it has one; what it applied. None: it had none."""
        question = replica.question(now)
        try:
            match question:
                case GetAll():
                    replica.begin(self.epoch, self.revision, len(self.state), self._digest())
                    for id_, entity in self.state.items():
                        replica.add(id_, print_of(entity), entity)
                    replica.end(now)
                    return []
                case AskChanges():
                    return replica.answer(self.changes(question.epoch, question.since), now)
                case GetOne():
                    entity = self.entity(question.revision)
                    return replica.entity(question.revision, entity, now)
                case AskDigests(epoch, revision, bits):
                    return replica.digests(self.digests(epoch, revision, bits), now)
                case AskRoster():
                    return replica.roster(self.roster(question), now)
                case GetVersion():
                    return replica.version(self.version(question), now)
        except (errors.Compacted, errors.EpochChanged, errors.NotFound) as error:
            replica.failed(error, now)
            return []
        return None


def print_of(entity: Entity) -> bytes:
    return hashlib.md5(repr(sorted(entity.items())).encode(), usedforsecurity=False).digest()


def entities(replica: Replica) -> dict[str, Entity]:
    assert replica.live.entities is not None
    return replica.live.entities
