# SPDX-License-Identifier: Apache-2.0
"""The mirror: what threads read, and the thread that keeps it right."""

import concurrent.futures
import copy
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, Protocol, Self

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.client.checking import Verified
from synchronizer.client.closing import Closing
from synchronizer.client.events import Event, Synced
from synchronizer.client.mirror import staleness
from synchronizer.client.mirror.contents import Contents
from synchronizer.client.mirror.handlers import Handlers, OnAdded, OnDeleted, OnUpdated, Teller
from synchronizer.client.mirror.indexing import Indexing, KeyFunction
from synchronizer.client.mirror.staleness import Staleness
from synchronizer.client.mirror.table import Table
from synchronizer.client.mirror.where import Where, chosen
from synchronizer.client.standing import Standing
from synchronizer.model import Entity, StreamKey

LOG = logging.getLogger(__name__)

#: Seconds for what is under way to end.
CLOSING = 10.0


# In the class below `list` is a method.
Entities = list[Entity]
Names = list[str]
Keys = list[Any]


class Watched(Protocol):
    """What a mirror needs of a `Watch`."""

    @property
    def streams(self) -> tuple[StreamKey, ...]: ...

    @property
    def standings(self) -> dict[StreamKey, Standing]: ...

    @property
    def problem(self) -> str | None: ...

    def __iter__(self) -> Iterator[Event]: ...

    def verify(self) -> concurrent.futures.Future[dict[StreamKey, Verified]]: ...

    def close(self) -> None: ...


class Watching(Protocol):
    """What a mirror needs of a `Client`."""

    def watch(
        self,
        types: Sequence[str],
        *,
        cloud: str | None = None,
        packed: bool = False,
        patient: bool = False,
    ) -> Watched: ...


class Mirror(Closing):
    """A live copy of some entity types. Threads share it; do not fork with it.

    `types`, `cloud`: as of `Client.watch`. `indexes`: by name, functions from an entity to its
    key, to an iterable of its keys, or to None (a text and a tuple are one key).

    It begins with `start`, or a `with` block. A stream is served from when it is whole, always
    as of one revision. While it has to be got again, what was there before is served, until the
    new is whole; it takes its place at once, and handlers are told the differences. An outage
    raises nothing: what is there is served, and `staleness` says how old it is. What cannot
    pass by itself (`errors.Stop`, an unknown type or cloud) ends the mirror: every method that
    reads raises it from then on. After `close` the last contents can still be read.

    The entities that methods give, and handlers get, are the caller's own, to be changed at
    will. An entity costs its JSON text and about 400 bytes, and 150 to 300 for each index.
    """

    def __init__(
        self,
        client: Watching,
        types: Sequence[str],
        *,
        cloud: str | None = None,
        indexes: Mapping[str, KeyFunction] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._watch = client.watch(types, cloud=cloud, packed=True, patient=True)
        self._indexing = Indexing(indexes or {})
        self._contents = Contents(self._indexing)
        self._clock = clock
        self._lock = threading.RLock()
        self._synced = threading.Condition(self._lock)
        self._teller = Teller(self._lock)
        self._failure: BaseException | None = None
        self._began = self._closed = False
        self._thread = threading.Thread(target=self._run, name="mirror", daemon=True)

    # --- its life --------------------------------------------------------------

    def start(self) -> None:
        """Begins, and returns at once; see `wait_synced`."""
        with self._lock:
            if self._began or self._closed:
                raise errors.BadRequest("a mirror starts once; make another one")
            self._began = True
            self._teller.start()
            self._thread.start()

    def close(self) -> None:
        """Ends it, within seconds. No handler is called from then on. Any thread may, also in a
        handler."""
        with self._lock:
            self._closed = True
            self._synced.notify_all()
        self._watch.close()
        self._teller.close(CLOSING)
        if self._began and threading.current_thread() is not self._thread:
            self._thread.join(CLOSING)

    def __enter__(self) -> Self:
        self.start()
        return self

    # --- what is there ---------------------------------------------------------

    @property
    def streams(self) -> tuple[StreamKey, ...]:
        """What is mirrored, as far as it is known; not all of it need be whole."""
        return self._watch.streams

    def get(self, entity_type: str, id_: str, cloud: str | None = None) -> Entity | None:
        """One entity; None when there is none. `errors.BadRequest`, when it has to be said of
        which cloud."""
        with self._lock:
            self._raise()
            streams = self._streams(entity_type, cloud)
            if len(streams) > 1:
                clouds = ", ".join(sorted(stream.cloud for stream in streams))
                raise errors.BadRequest(f"say of which cloud: {entity_type} is of {clouds}")
            table = self._contents.tables.get(streams[0]) if streams else None
            record = None if table is None else table.records.get(id_)
        return None if record is None else record.entity

    def list(
        self,
        entity_type: str,
        cloud: str | None = None,
        where: Where | None = None,
    ) -> Entities:
        """All entities of a type, or those that are meant (see `where.Where`)."""
        with self._lock:
            tables = self._tables(entity_type, cloud).values()
            texts = [record.text for table in tables for record in table.records.values()]
        return [*chosen(texts, where)]

    def ids(self, entity_type: str, cloud: str | None = None) -> Names:
        """The ids of a type."""
        with self._lock:
            return [
                id_ for table in self._tables(entity_type, cloud).values() for id_ in table.records
            ]

    def by(
        self,
        index: str,
        key: Hashable,
        entity_type: str | None = None,
        cloud: str | None = None,
    ) -> Entities:
        """The entities that an index has under a key; of all types, or of one."""
        with self._lock:
            tables = self._indexed(index, entity_type, cloud)
            records = [record for table in tables for record in table.by(index, key)]
        return [record.entity for record in records]

    def keys(
        self,
        index: str,
        entity_type: str | None = None,
        cloud: str | None = None,
    ) -> Keys:
        """The keys of an index that some entity has now."""
        with self._lock:
            tables = self._indexed(index, entity_type, cloud)
            return list(dict.fromkeys(key for table in tables for key in table.keys(index)))

    def __len__(self) -> int:
        """How many entities are there, of all types."""
        with self._lock:
            self._raise()
            return sum(map(len, self._contents.tables.values()))

    # --- how good it is --------------------------------------------------------

    def has_synced(self, entity_type: str | None = None, cloud: str | None = None) -> bool:
        """Whether all of it, or of a type, was whole once. A stream that a pattern meets later
        makes it False again until that is whole, too."""
        with self._lock:
            self._raise()
            streams = self._streams(entity_type, cloud)
            return bool(streams) and all(stream in self._contents.tables for stream in streams)

    def wait_synced(
        self,
        timeout: float | None = None,
        entity_type: str | None = None,
        cloud: str | None = None,
    ) -> bool:
        """Until `has_synced`; False after `timeout` seconds, or when it is closed."""
        with self._synced:
            self._synced.wait_for(
                lambda: self._closed or self.has_synced(entity_type, cloud), timeout
            )
            return self.has_synced(entity_type, cloud)

    def staleness(self, entity_type: str | None = None, cloud: str | None = None) -> Staleness:
        """How old it may be: of all streams, or of a type, the worst. Never raises for what
        happens to the mirror: that is its `problem`."""
        now, instant = self._clock(), time.time_ns() // 1000
        with self._lock:
            ended = self._ended
            filling = self._contents.filling.copy()
            streams = self._streams(entity_type, cloud)
        standings = self._watch.standings
        every = [
            staleness.of_stream(standings[stream], filling.get(stream), now, instant)
            for stream in streams
        ]
        if not every:
            return staleness.nothing(ended or self._watch.problem or "nothing was heard yet")
        return staleness.worst(every, ended)

    def verify(self, timeout: float | None = None) -> dict[StreamKey, Verified]:
        """Has every stream compared with the server now, as each bookmark has, and what differs
        put right; what was found. TimeoutError when that was not possible within `timeout`
        seconds: nobody answers, or handlers hold the mirror back. Not for a handler to call."""
        with self._lock:
            self._raise()
            if not self._began or self._closed:
                raise errors.BadRequest("only a running mirror can be verified")
        self._teller.check_not_told()
        try:
            return self._watch.verify().result(timeout)
        except concurrent.futures.CancelledError:
            self._raise()
            raise errors.BadRequest("the mirror was closed meanwhile") from None

    # --- being told ------------------------------------------------------------

    def subscribe(
        self,
        *,
        added: OnAdded | None = None,
        updated: OnUpdated | None = None,
        deleted: OnDeleted | None = None,
    ) -> Handlers:
        """From now on these are called, one after the other, by one thread of the mirror, with
        the `Added`, `Updated` and `Deleted` of each change, after the copy was changed: `Added`
        for all that is there, first, then what happens, each once and in order. The copy may
        be newer than what is told. What they raise is logged. While they are so slow that more
        than `handlers.MOST_WAITING` bytes of changes wait for them, the copy is not changed, and
        `staleness` tells.
        """
        if added is None and updated is None and deleted is None:
            raise errors.BadRequest("name at least one function that is to be called")
        handlers = Handlers(self._teller, added, updated, deleted)
        with self._lock:
            self._raise()
            if self._closed:
                raise errors.BadRequest("the mirror is closed")
            self._teller.add(handlers, self._contents.there())
        return handlers

    # --- inside ----------------------------------------------------------------

    def _run(self) -> None:
        try:
            for event in self._watch:
                self._take(event)
        except BaseException as error:
            LOG.error("the mirror has ended: %s", error)
            self._failure = error
        finally:
            with self._synced:
                self._synced.notify_all()
            self._watch.close()

    def _take(self, event: Event) -> None:
        difference = self._contents.prepare(event)
        if difference is None:
            return
        self._teller.wait_for_room()
        # Who reads does not wait for that, unless a first handler has come just now.
        changes = self._contents.changes(difference) if self._teller.anybody else None
        with self._synced:
            if changes is None and self._teller.anybody:
                changes = self._contents.changes(difference)
            self._contents.apply(difference)
            self._teller.tell(changes or ())
            if isinstance(event, Synced):
                self._synced.notify_all()

    @property
    def _ended(self) -> str | None:
        if self._failure is not None:
            return str(self._failure) or type(self._failure).__name__
        if self._closed:
            return "the mirror is closed"
        return None if self._began else "the mirror has not started"

    def _raise(self) -> None:
        if self._failure is not None:
            if isinstance(self._failure, errors.SynchronizerError):
                # A copy: several threads may raise it, and each adds its traceback.
                raise copy.copy(self._failure) from self._failure
            kind = type(self._failure).__name__
            raise errors.Stop(f"the mirror has ended: {kind}: {self._failure}") from self._failure

    def _streams(self, type_: str | None, cloud: str | None) -> Sequence[StreamKey]:
        known = self.streams
        found = [s for s in known if type_ in (None, s.type) and cloud in (None, s.cloud)]
        if known and not found:
            there = ", ".join(sorted(map(str, known)))
            wanted = "/".join(name for name in (cloud, type_) if name is not None)
            raise errors.UnknownType(f"{wanted!r} is not in this mirror; there are: {there}")
        return found

    def _tables(self, type_: str | None, cloud: str | None) -> dict[StreamKey, Table]:
        """Those that are whole."""
        self._raise()
        tables = self._contents.tables
        return {s: tables[s] for s in self._streams(type_, cloud) if s in tables}

    def _indexed(self, index: str, type_: str | None, cloud: str | None) -> Sequence[Table]:
        if index not in self._indexing.names:
            there = ", ".join(self._indexing.names) or "none"
            raise errors.BadRequest(f"no index is called {index!r}; there are: {there}")
        return list(self._tables(type_, cloud).values())
