# SPDX-License-Identifier: Apache-2.0
"""One watched stream: does what its replica wants done, and turns changes into events."""

import time
import uuid
from collections.abc import Callable, Iterator

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.bus import envelope, topics
from synchronizer.client.events import Event
from synchronizer.client.live import Applied
from synchronizer.client.questions import (
    AskChanges,
    AskDigests,
    AskRoster,
    GetAll,
    GetOne,
    GetVersion,
    SmallQuestion,
)
from synchronizer.client.replica import Replica
from synchronizer.client.requests import Requests
from synchronizer.client.snapshot import Snapshot
from synchronizer.client.standing import Standing
from synchronizer.client.telling import Teller
from synchronizer.client.token import Position, Positions
from synchronizer.model import StreamKey

LOG = logging.getLogger(__name__)

Between = Callable[[], Iterator[Event]]


class Follower:
    """`positions`: how far each stream was told; kept here for this one, which is resumed from
    there if it is in it. `resumed`: its consumer may hold something of it already. `deaf`: how
    often in a row the server had to be asked because nothing was heard. `repairs`, `resyncs`:
    how many entities were put right one by one, and how often all was told anew.
    `packed`: the `Added` of snapshots are `packed.Packed`.
    """

    def __init__(
        self,
        stream: StreamKey,
        requests: Requests,
        *,
        positions: Positions | None = None,
        resumed: bool = False,
        keep_entities: bool = False,
        packed: bool = False,
        repair: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.stream = stream
        self.proven = False
        self.deaf = 0
        self.repairs = 0
        self.resyncs = 0
        self._positions = positions if positions is not None else Positions()
        self._teller = Teller(stream)
        self._requests = requests
        self._packed = packed
        self._clock = clock
        self._nonce = str(uuid.uuid4())
        # Does its consumer hold something that a snapshot does not simply add to?
        self._told = resumed
        self._whole = False
        self._problem: str | None = None
        self._heard: float | None = None
        self._exact: float | None = None
        self.replica = Replica(keep_entities=keep_entities, repair=repair)
        self.resume()

    def resume(self) -> None:
        """Begin where its position is, if it has one."""
        if (position := self._positions.of(self.stream)) is not None:
            self.replica.resume(position)

    @property
    def standing(self) -> Standing:
        """How it stands; for any thread."""
        replica = self.replica
        return Standing(replica.listed_at, self._heard, self._exact, replica.silence, self._problem)

    def hear(self, event_type: str, payload: object) -> Iterator[Event]:
        """A notification of this stream."""
        self.deaf = 0
        try:
            if topics.parse_event_type(event_type)[1] == "bookmark":
                bookmark = envelope.bookmark_from_wire(payload)
                if bookmark.nonce == self._nonce:
                    self.proven = True
                self.replica.hear_bookmark(bookmark, self._clock())
                self._note(bookmark.revision)
                return
            changes = envelope.change_set_from_wire(payload)
        except (errors.BadMessage, errors.BadRequest) as error:
            # What it was to tell is missing now, which the next message brings to light.
            LOG.warning("%s: a notification cannot be read: %s", self.stream, error)
            return
        yield from self._tell(self.replica.hear_changes(changes, self._clock()))
        self._note(changes.last)

    def listen(self) -> None:
        """There is a new subscription, of which nothing is known yet."""
        self.deaf = 0
        self.proven = False
        self._nonce = str(uuid.uuid4())

    def prove(self) -> None:
        """Asks for a bookmark; once it is heard, `proven` is true: the subscription lives. Asked
        again, the answer to any of the questions will do."""
        self._requests.barrier(self.stream.type, self.stream.cloud, self._nonce)

    def work(self, between: Between) -> Iterator[Event]:
        """Asks the server what is to be asked now, if anything. `between`: called between
        the pages of a snapshot, so that other streams go on."""
        question = self.replica.question(self._clock())
        if question is None:
            return
        try:
            if isinstance(question, GetAll):
                yield from self._get_all(question, between)
            else:
                yield from self._tell(self._ask(question))
                if isinstance(question, AskChanges) and question.silent:
                    self.deaf += 1
                    self.prove()
        except errors.Stop:
            raise
        except errors.SynchronizerError as error:
            self.replica.failed(error, self._clock())
            if self._problem is None:
                LOG.warning("%s: %s; trying again", self.stream, error)
            self._problem = str(error)
        else:
            if self._problem is not None:
                LOG.info("%s: the snapshot server answers again", self.stream)
            self._problem = None
            self._note(self.replica.revision)

    def _ask(self, question: SmallQuestion) -> list[Applied]:
        """Asks, and gives the replica the answer."""
        stream, requests, replica = self.stream, self._requests, self.replica
        match question:
            case AskChanges(epoch, since):
                changes = requests.changes(stream.type, stream.cloud, epoch, since)
                return replica.answer(changes, self._clock())
            case GetOne(id_, revision, fingerprint):
                entity = requests.entity(stream, id_, revision, fingerprint)
                return replica.entity(revision, entity, self._clock())
            case AskDigests(epoch, revision, bits):
                LOG.warning("%s: what is held differs from the server at %d", stream, revision)
                digests = requests.digests(stream, epoch, revision, bits)
                return replica.digests(digests, self._clock())
            case AskRoster(epoch, revision, bits, bucket, cursor):
                page = requests.roster_page(
                    stream, epoch, revision, bits=bits, bucket=bucket, cursor=cursor
                )
                return replica.roster(page, self._clock())
            case GetVersion(id_, revision):
                version = requests.version(stream.type, id_, stream.cloud, revision)
                return replica.version(version, self._clock())

    def _get_all(self, question: GetAll, between: Between) -> Iterator[Event]:
        snapshot = Snapshot(
            self._requests, self.stream.type, self.stream.cloud, packed=self._packed
        )
        info = snapshot.info
        self._positions.put(self.stream, None)
        self._whole = False
        if self._told:
            LOG.info("%s: getting all again: %s", self.stream, question.reason)
            self.resyncs += 1
            yield self._teller.resynced(question.reason)
        self._told = True
        self.replica.begin(info.epoch, info.revision, info.count, info.digest)
        for page in snapshot.pages():
            # One at a time, and none kept: a page of objects at once, which the garbage collector
            # looks through, makes all of this take twice as long.
            for item in page:
                self.replica.add(item.id, item.fingerprint, item.entity)
                yield self._teller.there(item)
            self._heard = self._clock()
            yield from between()
        if self.replica.end(self._clock()):
            self.replica.listed_at, self.replica.held = info.listed_at, info.held
            yield from self._tell([])

    def _note(self, revision: int) -> None:
        """Something that speaks of this revision was heard, and what it told was told on."""
        self._heard = self._clock()
        if not self.replica.behind and revision == self.replica.revision:
            self._exact = self._heard
            if self._problem is not None:
                LOG.info("%s: notifications come again, and nothing is missing", self.stream)
            self._problem = None

    def _tell(self, applied: list[Applied]) -> Iterator[Event]:
        for number, one in enumerate(applied, start=1):
            self.repairs += one.repaired
            self._positions.put(self.stream, self._position(one, last=number == len(applied)))
            if (event := self._teller.event(one)) is not None:
                yield event
        replica = self.replica
        if not self._whole and replica.following and not replica.catching_up:
            self._whole = True
            assert replica.epoch is not None  # noqa: S101 - it follows
            place = Position(replica.epoch, replica.revision, replica.live.digest)
            self._positions.put(self.stream, place)
            yield self._teller.synced(
                replica.epoch,
                replica.revision,
                len(replica.live),
                replica.listed_at,
                replica.held,
            )

    def _position(self, one: Applied, *, last: bool) -> Position | None:
        """After it was told. Half of a repair is as good as nothing: all was told anew then."""
        if self.replica.epoch is None or (one.repaired and not (last and self.replica.following)):
            return None
        return Position(self.replica.epoch, one.change.revision, one.digest)
