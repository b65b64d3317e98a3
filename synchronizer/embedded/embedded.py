# SPDX-License-Identifier: Apache-2.0
"""The library call: samples some entity types, and answers as a client of a daemon does."""

import contextlib
import os
import pathlib
import threading
import weakref
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.budget import Limits
from synchronizer.bus import topics
from synchronizer.client import ChangesAnswer, History, Snapshot, StreamInfo, Version, Watch
from synchronizer.client.closing import Closing
from synchronizer.client.requests import Requests
from synchronizer.embedded import home, intervals, sources
from synchronizer.embedded.direct import Direct, Gate, closed
from synchronizer.embedded.engine import Engine
from synchronizer.embedded.exchange import Exchange
from synchronizer.embedded.listings import AskedListing
from synchronizer.embedded.resumed import Resumed, Token
from synchronizer.ledger import Hold, Ledger, Verdict
from synchronizer.model import StreamKey
from synchronizer.plugin import Plugin
from synchronizer.snapshot import Endpoint

LOG = logging.getLogger(__name__)

#: Seconds: for a question that needs a listing; that `close` takes at most; for a request
#: that is under way then, before what it uses is closed all the same.
ANSWERING, CLOSING, ABANDONING = 30.0, 5.0, 3600.0
#: Seconds within which each stream gets a bookmark.
BOOKMARK_INTERVAL = 10.0
#: Seconds that a watch of one type waits for its first listing (a year: until it is closed),
#: and one of several types for each.
FIRST_ALONE, FIRST_OF_SEVERAL = 31_536_000.0, 5.0
#: Questions that may wait for a listing at once.
MOST_WAITING = 32
#: Seconds for which old versions are kept, by default: where the ledger is temporary or lasts.
SHORT_RETENTION, LONG_RETENTION = 3600.0, 7 * 86400.0


class Embedded(Closing):
    """Sampler and ledger of one cloud in this process; from its making until `close`.

    `types`: as `nova.server`. `cloud`: the name that events carry; where plugins are not told
    otherwise, the entry of clouds.yaml, too. `settings`: of plugins, by the plugin's name, as
    `{"nova": {"os_cloud": "admin"}}`. `plugins`: objects of your own to read from, instead of
    installed ones.

    `directory`: where the ledger is kept, so that revisions and epochs go on when a later
    process uses it again; left out, a temporary one. `ledger_url`: a SQLAlchemy URL of a
    database of its own instead of a file in `directory`, which then keeps the rest.
    `retention`: seconds for which what is superseded can be asked for.

    Seconds, as in the daemon's [sampling]: `interval` between complete listings,
    `changes_interval` between changes-since queries (None: none), `settle`; `confirm_rate` in
    GETs a second. `max_in_flight` and `requests_per_minute` (0: any number): what each service
    is asked at most, by installed plugins. `volatile` and `sensitive`: by entity type, fields
    to be masked beside those that its plugin names.

    Raises `errors.UnknownType`, `errors.BadPlugin`, `errors.BadConfiguration`,
    `errors.NotPermitted` and ledger errors when it cannot begin. A service that is away keeps
    nothing from beginning: it is asked until it answers, `describe` says since when it fails,
    and the log says so once. Threads may share it; do not fork with it.
    """

    def __init__(
        self,
        types: Sequence[str],
        *,
        cloud: str,
        settings: sources.Settings | None = None,
        plugins: Iterable[Plugin] | None = None,
        directory: str | os.PathLike[str] | None = None,
        ledger_url: str | None = None,
        retention: float | None = None,
        interval: float = 600.0,
        changes_interval: float | None = 5.0,
        settle: float = 60.0,
        confirm_rate: float = 20.0,
        max_in_flight: int = 4,
        requests_per_minute: int = 600,
        volatile: intervals.Fields | None = None,
        sensitive: intervals.Fields | None = None,
    ) -> None:
        self.types = _names(types)
        self.cloud = topics.check_cloud(cloud)
        if not self.types:
            raise errors.BadRequest("name at least one entity type")
        if ledger_url and directory is None:
            raise errors.BadConfiguration("a ledger with a URL needs a directory that lasts, too")
        sampling = intervals.settings(
            self.types,
            interval=interval,
            changes_interval=changes_interval,
            settle=settle,
            confirm_rate=confirm_rate,
            volatile=volatile or {},
            sensitive=sensitive or {},
        )
        limits = Limits(max_in_flight, requests_per_minute)
        usual = SHORT_RETENTION if directory is None else LONG_RETENTION
        keep = intervals.retention(retention, usual, interval)
        used = (
            sources.installed(self.types, cloud, settings or {}, limits)
            if plugins is None
            else sources.given(plugins, self.types, cloud)
        )
        self._exchange = Exchange()
        self._gate = Gate()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._finishing: threading.Thread | None = None
        self._watches: weakref.WeakSet[Watch | Resumed] = weakref.WeakSet()
        with contextlib.ExitStack() as making, contextlib.ExitStack() as unused:
            for plugin in used:
                unused.callback(plugin.close)
            for plugin in used:
                sources.check(plugin)
            place = making.enter_context(
                home.temporary() if directory is None else home.kept(pathlib.Path(directory))
            )
            url = ledger_url or f"sqlite:///{place / home.LEDGER_FILE}"
            self._ledger = Ledger.open(url, state_path=place, migrate=True)
            making.callback(self._ledger.close)
            self._engine = Engine(
                self._ledger,
                used,
                sampling,
                self._exchange.send,
                bookmark_interval=BOOKMARK_INTERVAL,
                retention=keep,
                on_fatal=self._fail,
            )
            unused.pop_all()  # the engine closes them
            self._engine.start()
            self._resources = making.pop_all()
        self._watching = self._direct(
            FIRST_ALONE if len(self.types) == 1 else FIRST_OF_SEVERAL,
            considerate=len(self.types) > 1,
        )
        self._requests = Requests(self._direct(ANSWERING, considerate=False), ANSWERING)

    def watch(
        self,
        types: Sequence[str] | None = None,
        *,
        keep_entities: bool = False,
        since: Mapping[str, Token] | None = None,
    ) -> Watch | Resumed:
        """The entities of some of the types, or all, and what happens to them: events as from
        `Client.watch`. What ends the sampling for good is raised from it as `errors.Stop`.

        `since`: by entity type, the epoch and the revision up to which the caller knows it
        already; what was recorded after that is told instead of everything (see `Resumed`).
        """
        wanted = self.types if types is None else _names(types)
        self._known(*wanted, *(since or ()))

        def begin() -> Watch:
            return self._watch(wanted, keep_entities)

        watch = Resumed(begin, self._requests, self.cloud, since) if since else begin()
        with self._lock:
            if self._finishing is not None:
                raise closed()
            self._watches.add(watch)
        return watch

    def get_all(
        self,
        entity_type: str,
        *,
        max_age: float | None = None,
        fields: Sequence[str] | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> Snapshot:
        """All entities of a type at one revision; its `info` says how fresh. Waits, for a
        while, for the first listing, or for one that is not older than `max_age` seconds;
        then `errors.ServiceUnavailable`."""
        self._known(entity_type)
        return Snapshot(
            self._requests, entity_type, self.cloud, max_age=max_age, fields=fields, where=where
        )

    def get(self, entity_type: str, id_: str, *, revision: int | None = None) -> Version:
        """One entity: its newest version, or exactly that revision. `errors.NotFound`."""
        return self._requests.version(entity_type, id_, self.cloud, revision)

    def changes(self, entity_type: str, *, since: int, epoch: str | None = None) -> ChangesAnswer:
        """The changes after a revision, as many as fit into one answer; go on from its `last`
        until that is its `revision`. `errors.Compacted`, `errors.EpochChanged`."""
        return self._requests.changes(entity_type, self.cloud, epoch, since)

    def history(self, entity_type: str, id_: str, *, limit: int | None = None) -> History:
        """The versions of an entity that are kept, newest first, each with what it changed; at
        most `limit`. `errors.NotFound` when there is none."""
        self._known(entity_type)
        return History(self._requests, entity_type, id_, self.cloud, limit=limit)

    def describe(self) -> tuple[StreamInfo, ...]:
        """Where every stream stands: how fresh it is, and what fails of its source."""
        known = self._requests.describe()
        return tuple(info for info in known if info.cloud == self.cloud and info.type in self.types)

    def held(self, entity_type: str) -> list[Hold]:
        """The deletes that lack evidence, and why; most need nobody and are settled in time."""
        with self._gate:
            return [hold for _, hold in self._ledger.held(self._stream(entity_type))]

    def decide(self, entity_type: str, verdict: Verdict, ids: Sequence[str] | None = None) -> int:
        """What a person says of held deletes (None: all of the type): "confirm", these are gone,
        or "release", judge them anew. Obeyed within seconds; how many were held."""
        with self._gate:
            return self._ledger.decide(self._stream(entity_type), ids, verdict)

    def close(self) -> None:
        """Ends sampling and watches, also those that wait in other threads; within seconds. A
        request that is under way then ends by itself, and what it uses goes with it."""
        with self._lock:
            if (finishing := self._finishing) is None:
                finishing = self._finishing = threading.Thread(
                    target=self._finish, name="embedded end", daemon=True
                )
                self._stopping.set()
                self._gate.shut(closed())
                self._engine.stop()
                finishing.start()
            watches = list(self._watches)
        for watch in watches:
            watch.close()
        finishing.join(CLOSING)
        if finishing.is_alive():
            LOG.warning("a request is still under way; it is left to end by itself")

    def _finish(self) -> None:
        self._gate.drain(CLOSING)
        self._engine.wait(ABANDONING)
        self._resources.close()

    def _fail(self, error: BaseException) -> None:
        """It cannot go on: whoever waits, or asks, is told."""
        self._gate.shut(error)
        self._exchange.fail(error)

    def _direct(self, patience: float, *, considerate: bool) -> Direct:
        endpoint = Endpoint(
            self._ledger,
            self._exchange.send,
            host="embedded",
            first_listing_timeout=patience,
            bookmark_interval=BOOKMARK_INTERVAL,
            most_waiting=MOST_WAITING,
            lister=AskedListing(
                self._ledger, self._engine.list_now, self._stopping, considerate=considerate
            ),
        )
        return Direct(endpoint, self._gate)

    def _watch(self, types: Sequence[str], keep_entities: bool) -> Watch:
        return Watch(
            self._watching,
            self._exchange.subscribe,
            types,
            self.cloud,
            timeout=ANSWERING,
            keep_entities=keep_entities,
            patient=True,
        )

    def _stream(self, entity_type: str) -> int:
        self._known(entity_type)
        state = self._ledger.find(StreamKey(self.cloud, entity_type))
        assert state is not None  # noqa: S101 - made when the engine started
        return state.id

    def _known(self, *types: str) -> None:
        for type_ in types:
            if type_ not in self.types:
                raise errors.UnknownType(
                    f"{type_!r} is not sampled here; there are: {', '.join(self.types)}",
                    known=list(self.types),
                )


def _names(types: Sequence[str]) -> tuple[str, ...]:
    """Without doubles; a single name is taken for itself, not for its letters."""
    return tuple(dict.fromkeys([types] if isinstance(types, str) else types))
