# SPDX-License-Identifier: Apache-2.0
"""One watched stream: does what its replica wants done, and turns changes into events."""

import time
import uuid
from collections.abc import Callable, Iterator

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.bus import envelope, topics
from synchronizer.client.events import Added, Deleted, Event, Resynced, Synced, Updated
from synchronizer.client.live import Applied
from synchronizer.client.questions import AskChanges, GetAll, GetOne
from synchronizer.client.replica import Replica
from synchronizer.client.requests import Requests
from synchronizer.client.snapshot import Snapshot
from synchronizer.client.standing import Standing
from synchronizer.model import StreamKey

LOG = logging.getLogger(__name__)

Between = Callable[[], Iterator[Event]]


class Follower:
    """`deaf`: how often in a row the server had to be asked because nothing was heard."""

    def __init__(
        self,
        stream: StreamKey,
        requests: Requests,
        *,
        keep_entities: bool = False,
        repair: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.stream = stream
        self.proven = False
        self.deaf = 0
        self.replica = Replica(keep_entities=keep_entities, repair=repair)
        self._requests = requests
        self._clock = clock
        self._nonce: str | None = None
        self._told = False
        self._problem: str | None = None
        self._heard: float | None = None
        self._exact: float | None = None

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
                if bookmark.nonce is not None and bookmark.nonce == self._nonce:
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

    def prove(self) -> None:
        """Asks for a bookmark; once it is heard, `proven` is true: the subscription lives."""
        self._nonce = str(uuid.uuid4())
        self._requests.barrier(self.stream.type, self.stream.cloud, self._nonce)

    def work(self, between: Between) -> Iterator[Event]:
        """Asks the server what is to be asked now, if anything. `between`: called between
        the pages of a snapshot, so that other streams go on."""
        question = self.replica.question(self._clock())
        if question is None:
            return
        try:
            match question:
                case GetAll():
                    yield from self._get_all(question, between)
                case AskChanges():
                    answer = self._requests.changes(
                        self.stream.type, self.stream.cloud, question.epoch, question.since
                    )
                    yield from self._tell(self.replica.answer(answer, self._clock()))
                    if question.silent:
                        self.deaf += 1
                        self.prove()
                case GetOne():
                    entity = self._requests.entity(
                        self.stream, question.id, question.revision, question.fingerprint
                    )
                    yield from self._tell(
                        self.replica.entity(question.revision, entity, self._clock())
                    )
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

    def _get_all(self, question: GetAll, between: Between) -> Iterator[Event]:
        snapshot = Snapshot(self._requests, self.stream.type, self.stream.cloud)
        info = snapshot.info
        if self._told:
            LOG.info("%s: getting all again: %s", self.stream, question.reason)
            yield self._resynced(question.reason)
        self._told = True
        self.replica.begin(info.epoch, info.revision, info.count, info.digest)
        for page in snapshot.pages():
            entities = [(item, item.entity) for item in page if item.entity is not None]
            self.replica.add((item.id, item.fingerprint, entity) for item, entity in entities)
            for item, entity in entities:
                yield Added(
                    cloud=self.stream.cloud,
                    type=self.stream.type,
                    id=item.id,
                    revision=item.revision,
                    sampled_at=item.sampled_at,
                    entity=entity,
                )
            self._heard = self._clock()
            yield from between()
        if self.replica.end(self._clock()):
            self.replica.listed_at = info.listed_at
            yield Synced(
                cloud=self.stream.cloud,
                type=self.stream.type,
                epoch=info.epoch,
                revision=info.revision,
                count=info.count,
                listed_at=info.listed_at,
                held=info.held,
            )

    def _note(self, revision: int) -> None:
        """Something that speaks of this revision was heard, and what it told was told on."""
        self._heard = self._clock()
        if not self.replica.behind and revision == self.replica.revision:
            self._exact = self._heard

    def _resynced(self, reason: str) -> Resynced:
        return Resynced(cloud=self.stream.cloud, type=self.stream.type, reason=reason)

    def _tell(self, applied: list[Applied]) -> Iterator[Event]:
        for one in applied:
            if (event := self._event(one)) is not None:
                yield event

    def _event(self, one: Applied) -> Event | None:
        """None for the delete of what was not known (the digest tells whether that is right),
        and for what has no content because nothing is to be repaired."""
        change, cloud, type_ = one.change, self.stream.cloud, self.stream.type
        id_, revision, at = change.id, change.revision, change.sampled_at
        if change.fingerprint is None:
            if not one.known:
                return None
            return Deleted(
                cloud=cloud, type=type_, id=id_, revision=revision, sampled_at=at, old=one.old
            )
        if one.entity is None:
            return None
        if not one.known:
            return Added(
                cloud=cloud, type=type_, id=id_, revision=revision, sampled_at=at, entity=one.entity
            )
        return Updated(
            cloud=cloud,
            type=type_,
            id=id_,
            revision=revision,
            sampled_at=at,
            old=one.old,
            new=one.entity,
            changed=change.changed,
        )
