# SPDX-License-Identifier: Apache-2.0
"""The way in: asks the snapshot server over the bus, and watches streams."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.bus import rpc, subscription, transport
from synchronizer.bus.deadline import Caller
from synchronizer.client.asynchronous import AsyncWatch
from synchronizer.client.closing import Closing
from synchronizer.client.history import History
from synchronizer.client.narrowing import Differences
from synchronizer.client.requests import Requests
from synchronizer.client.snapshot import Snapshot
from synchronizer.client.streams import Wanted
from synchronizer.client.values import ChangesAnswer, StreamInfo, Version
from synchronizer.client.verifying import compare
from synchronizer.client.waiting import Waiting, silently
from synchronizer.client.watch import Subscribed, Watch

LOG = logging.getLogger(__name__)

#: Seconds to wait for a listing: a large cloud's takes many minutes.
LISTING_PATIENCE = 3600.0

#: Seconds for a connection to end.
CLOSING = 2.0

#: Notifications, and bytes of their JSON, that a watch's subscription keeps. A consumer that is
#: slower than that is brought up to date by the server's `changes`.
INBOX = 1000
INBOX_BYTES = 16 << 20


class Client(Closing):
    """Threads may share it. Make it after forking, in the process that uses it.

    `transport_url`: the daemon's bus; `notification_transport_url`: if notifications go
    over another one. `rabbit_options`: for `rabbit://` URLs, by the names of
    `[oslo_messaging_rabbit]`, as texts (`ssl`, `ssl_ca_file` ...); a URL's own query wins.
    `cloud`: the one that is meant where a method is not told; it can be
    left out where there is only one. `timeout`: seconds for the server to answer a call (a
    first page of get_all may take 35 s more, when it has to wait for a listing).

    Every method raises `errors.NobodyAnswers` (with the URL, less its password) when
    nobody does, and `errors.BusUnavailable` when the bus is away or does not let us in.
    """

    def __init__(
        self,
        transport_url: str,
        *,
        notification_transport_url: str | None = None,
        rabbit_options: transport.RabbitOptions | None = None,
        cloud: str | None = None,
        timeout: float = 30.0,
    ) -> None:
        self._cloud = cloud
        self._timeout = timeout
        self._transport = transport.rpc_transport(transport_url, rabbit_options)
        self._rabbit_options = rabbit_options
        self._notification_url = notification_transport_url or transport_url
        self._notifications: transport.NotificationTransport | None = None
        self._lock = threading.Lock()
        self._rpc = rpc.RpcClient(self._transport, timeout)
        self._requests = Requests(self._rpc, timeout)

    def close(self) -> None:
        """Lets go of connections, within seconds; close watches first."""
        with self._lock:
            made = [t for t in (self._transport, self._notifications) if t is not None]
        caller = Caller("client-close", len(made))
        for one in made:
            try:
                caller.run(one.cleanup, CLOSING)
            except TimeoutError:
                # A call that hangs in the driver holds it; it goes when the driver lets go.
                LOG.debug("a connection is still in use, and is left to end by itself")

    def get_all(
        self,
        entity_type: str,
        *,
        cloud: str | None = None,
        max_age: float | None = None,
        fields: Sequence[str] | None = None,
        where: Mapping[str, Any] | None = None,
        page: int | None = None,
        timeout: float = LISTING_PATIENCE,
        waiting: Waiting = silently,
    ) -> Snapshot:
        """All entities of a type, to be iterated over; `items()` has ids and revisions, too.

        `max_age`: seconds; how old the complete listing that proves the answer may be (0: it
        has to begin after the call). If it is older, a listing is begun, or one that is under
        way and will do is waited for; `timeout`: for so many seconds, then `errors.Listing`.
        A source that fails, or deletes that are held, are told after one call, by
        `errors.ServiceUnavailable`. Left out, the latest recorded state answers at once, once
        there was a first complete listing. `waiting`: see `waiting.Waiting`. `fields` and
        `where` (top-level fields and the values that they must have) give a subset. `page`:
        entities per call.
        """
        return Snapshot(
            self._requests,
            entity_type,
            cloud or self._cloud,
            max_age=max_age,
            limit=page,
            fields=fields,
            where=where,
            timeout=timeout,
            waiting=waiting,
        )

    def get(
        self, entity_type: str, id_: str, *, cloud: str | None = None, revision: int | None = None
    ) -> Version:
        """One entity: its newest version, or exactly that revision. `errors.NotFound`."""
        return self._requests.version(entity_type, id_, cloud or self._cloud, revision)

    def changes(
        self, entity_type: str, *, since: int, epoch: str | None = None, cloud: str | None = None
    ) -> ChangesAnswer:
        """The changes after a revision, as many as fit into one answer; go on from its `last`
        until that is its `revision`. `errors.Compacted`, `errors.EpochChanged`."""
        return self._requests.changes(entity_type, cloud or self._cloud, epoch, since)

    def history(
        self, entity_type: str, id_: str, *, cloud: str | None = None, limit: int | None = None
    ) -> History:
        """The versions of an entity that the ledger still has, to be iterated over, the newest
        first, each with what it changed; at most `limit`. `errors.NotFound` when there is none,
        `errors.ServerTooOld` when the server cannot tell."""
        return History(self._requests, entity_type, id_, cloud or self._cloud, limit=limit)

    def describe(self) -> tuple[StreamInfo, ...]:
        """Where every stream stands."""
        return self._requests.describe()

    def barrier(self, entity_type: str, nonce: str, *, cloud: str | None = None) -> None:
        """Has a bookmark with that nonce sent on the type's topic: whoever hears it has heard
        all that was published before."""
        self._requests.barrier(entity_type, cloud or self._cloud, nonce)

    def watch(
        self,
        types: Sequence[str],
        *,
        cloud: str | None = None,
        resume: str | None = None,
        keep_entities: bool = False,
        packed: bool = False,
        patient: bool = False,
        repair: bool = True,
        wrap: Callable[[Subscribed], Subscribed] | None = None,
    ) -> Watch:
        """The entities of some types and what happens to them: see `Watch`.

        `types`: `nova.server`, with its cloud `boston.nova.server`, or patterns of either, with
        `*` and `?`: `nova.*`, `*.nova.*`; what comes to be later and matches is watched from
        then on. Without a cloud, in the name, here or in the client, those of every cloud
        that has the type at this time.

        `resume`: the `token` of an earlier watch; what has happened since is told.
        `keep_entities`: keep them in memory, so that events know the old state.
        `packed`: `Added` of snapshots are `packed.Packed`, for those who keep texts.
        `patient`: wait for a daemon that is not there yet.

        To see what the protocol is good for: `wrap` may put something between the bus and
        the watch that loses messages, and `repair=False` mends nothing.
        """

        def subscribe(names: Sequence[str]) -> Subscribed:
            with self._lock:
                if self._notifications is None:
                    self._notifications = transport.notification_transport(
                        self._notification_url, self._rabbit_options
                    )
            subscribed = subscription.Subscription(
                self._notifications, names, size=INBOX, max_bytes=INBOX_BYTES, skip=True
            )
            return subscribed if wrap is None else wrap(subscribed)

        return Watch(
            self._rpc,
            subscribe,
            types,
            cloud or self._cloud,
            timeout=self._timeout,
            resume=resume,
            keep_entities=keep_entities,
            packed=packed,
            patient=patient,
            repair=repair,
        )

    def awatch(
        self,
        types: Sequence[str],
        *,
        cloud: str | None = None,
        resume: str | None = None,
        keep_entities: bool = False,
        patient: bool = False,
    ) -> AsyncWatch:
        """The same for asyncio: `async with client.awatch(...) as events: async for event in
        events`."""
        return AsyncWatch(
            lambda: self.watch(
                types, cloud=cloud, resume=resume, keep_entities=keep_entities, patient=patient
            )
        )

    def verify(
        self,
        entity_type: str,
        held: Mapping[str, bytes],
        *,
        epoch: str,
        revision: int,
        cloud: str | None = None,
    ) -> Differences:
        """What differs between `held` (id -> fingerprint), which somebody keeps as of that
        revision, and what the server had then: true if anything does. `errors.Compacted`,
        `errors.EpochChanged`."""
        streams = Wanted([entity_type], cloud or self._cloud).choose(self.describe())
        if len(streams) != 1:
            raise errors.BadRequest(
                f"name the cloud of {entity_type}; there are: "
                + ", ".join(stream.cloud for stream in streams)
            )
        return compare(self._requests, streams[0], held, epoch, revision)
