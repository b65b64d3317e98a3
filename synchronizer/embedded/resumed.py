# SPDX-License-Identifier: Apache-2.0
"""A watch that goes on from what its consumer knows already, where the ledger still has it."""

import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TypeVar

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.client import Added, Deleted, Event, Resynced, Synced, Updated, Watch
from synchronizer.client.calls import Closed
from synchronizer.client.closing import Events
from synchronizer.client.requests import Requests
from synchronizer.model import Change, StreamKey

LOG = logging.getLogger(__name__)

#: (epoch, revision): of a `Synced`, and the revision of any later event of its stream.
Token = tuple[str, int]

T = TypeVar("T")

#: Seconds before the ledger is asked again that did not answer.
AGAIN = 0.5


class Resumed(Events):
    """An iterator of events, as a `Watch`, and a context manager.

    Of each stream with a token it tells, instead of all there is, what was recorded since:
    `Added`, `Updated` and `Deleted` (`old` is None), then `Synced`, then what happens. If the
    ledger no longer goes back that far for one of the streams, or its numbering has begun
    anew, there comes a `Resynced` for every stream, and all is told. For one thread; only
    `close` may be called from any.
    """

    def __init__(
        self,
        begin: Callable[[], Watch],
        requests: Requests,
        cloud: str,
        since: Mapping[str, Token],
    ) -> None:
        self._begin = begin
        self._watch = begin()
        self._requests = requests
        #: Up to where each stream is told; without those that are followed already.
        self._told = {StreamKey(cloud, type_): token for type_, token in since.items()}
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._events = self._run()

    @property
    def streams(self) -> tuple[StreamKey, ...]:
        """What is watched; known from the first event on."""
        return self._watch.streams or tuple(self._told)

    def close(self) -> None:
        """Ends the iteration, also one that waits in another thread."""
        with self._lock:
            self._closed.set()
            watch = self._watch
        watch.close()

    def _run(self) -> Iterator[Event]:
        streams = tuple(self._told)
        try:
            yield from self._resume()
            return
        except Closed:
            return
        except (errors.Compacted, errors.EpochChanged, errors.NotFound) as error:
            reason = str(error)
        LOG.info("what was known cannot be gone on from: %s", reason)
        with self._lock:
            streams = tuple(dict.fromkeys((*self._watch.streams, *streams)))
            self._watch.close()
            if self._closed.is_set():
                return
            self._watch = self._begin()
        for stream in streams:
            yield Resynced(cloud=stream.cloud, type=stream.type, reason=reason)
        yield from self._watch

    def _resume(self) -> Iterator[Event]:
        for stream in list(self._told):
            yield from self._since(stream, None)
        for event in self._watch:
            if event.stream not in self._told:
                yield event
            elif isinstance(event, Synced):
                # The snapshot itself is not told, but what lies between it and the token.
                epoch, _ = self._told[event.stream]
                if event.epoch != epoch:
                    raise errors.EpochChanged(f"the numbering of {event.stream} has begun anew")
                yield from self._since(event.stream, event.revision)
                del self._told[event.stream]
                yield event

    def _since(self, stream: StreamKey, last: int | None) -> Iterator[Event]:
        """What came after the stream's token, up to a revision, or all of it; moves the token."""
        while last is None or self._told[stream][1] < last:
            epoch, revision = self._told[stream]
            answer = self._asked(
                partial(self._requests.changes, stream.type, stream.cloud, epoch, revision)
            )
            for change in answer.changes:
                if last is not None and change.revision > last:
                    return
                event = self._event(stream, change)
                self._told[stream] = (epoch, change.revision)
                yield event
            if answer.last == answer.revision:
                return

    def _asked(self, question: Callable[[], T]) -> T:
        """The answer, when there is one; `Closed` when this is closed before."""
        while not self._closed.is_set():
            try:
                return question()
            except errors.Retry as error:
                LOG.info("%s; trying again", error)
                self._closed.wait(error.retry_after or AGAIN)
        raise Closed

    def _event(self, stream: StreamKey, change: Change) -> Event:
        cloud, type_, id_ = stream.cloud, stream.type, change.id
        revision, at = change.revision, change.sampled_at
        if change.op == "delete":
            return Deleted(
                cloud=cloud, type=type_, id=id_, revision=revision, sampled_at=at, old=None
            )
        entity = change.entity
        if not isinstance(entity, dict):  # too big for an answer
            entity = self._asked(
                lambda: self._requests.entity(stream, id_, revision, change.fingerprint)
            )
        if change.op == "create":
            return Added(
                cloud=cloud, type=type_, id=id_, revision=revision, sampled_at=at, entity=entity
            )
        return Updated(
            cloud=cloud,
            type=type_,
            id=id_,
            revision=revision,
            sampled_at=at,
            old=None,
            new=entity,
            changed=change.changed,
        )
