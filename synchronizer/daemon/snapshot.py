# SPDX-License-Identifier: Apache-2.0
"""The process that answers RPC, and lists by itself for callers who want a fresh listing."""

import contextlib
import sys
import threading

from synchronizer.bus.rpc import RpcServer
from synchronizer.bus.transport import rpc_transport
from synchronizer.daemon.ondemand import ConfiguredSources
from synchronizer.daemon.resources import make_notifier, open_ledger
from synchronizer.daemon.service import Part, PartService
from synchronizer.metrics.hooks import CallTally, CommitTally, SamplingTally
from synchronizer.plugin.loader import available
from synchronizer.sampling import OnDemand
from synchronizer.snapshot import Endpoint

#: For listings that are inside a request.
ENDING_SECONDS = 2.0

#: Seconds after which a thread that makes a page lets one that sends another go first.
#: Python's own 5 ms are as long as making a page takes.
SWITCH_SECONDS = 0.0005

#: Calls that may wait for a listing at once; one thread is always left for the others.
MOST_WAITING = 4


class SnapshotPart:
    """The RPC server and the listings for its callers; lives until it is told to stop."""

    def __init__(
        self,
        resources: contextlib.ExitStack,
        server: RpcServer,
        listings: OnDemand,
        sources: ConfiguredSources,
    ) -> None:
        self._resources = resources
        self._server = server
        self._listings = listings
        self._sources = sources
        self._stopping = threading.Event()

    def run(self) -> None:
        sys.setswitchinterval(SWITCH_SECONDS)
        with self._resources:
            self._server.start()
            self._stopping.wait()
            self._listings.stop()
            self._sources.stop()
            self._server.stop()
            self._listings.wait(ENDING_SECONDS)

    def stop(self) -> None:
        self._stopping.set()


class SnapshotService(PartService):
    name = "snapshot"

    @classmethod
    def slot_name(cls, worker_id: int) -> str:
        return f"{cls.name} {worker_id}"

    def make(self) -> Part:
        settings = self.settings
        with contextlib.ExitStack() as making:
            ledger = open_ledger(settings, making, CommitTally(self.recorder))
            notifier = make_notifier(settings, making)
            transport = rpc_transport(settings.transport_url, settings.rabbit_options)
            making.callback(transport.cleanup)
            sources = ConfiguredSources(settings, available())
            making.callback(sources.close)
            listings = OnDemand(
                ledger, sources, tally=SamplingTally(self.recorder), pulse=self.heart
            )
            endpoint = Endpoint(
                ledger,
                notifier.send,
                host=settings.host,
                page=settings.snapshot.page,
                max_bytes=settings.snapshot.max_bytes,
                first_listing_timeout=settings.snapshot.first_listing_timeout,
                bookmark_interval=settings.relay.bookmark_interval,
                most_waiting=min(MOST_WAITING, settings.snapshot.threads - 1),
                lister=listings,
                interval=sources.interval,
            )
            server = RpcServer(
                transport,
                [endpoint],
                server=settings.host,
                threads=settings.snapshot.threads,
                on_call=CallTally(self.recorder),
                pulse=self.heart,
            )
            return SnapshotPart(making.pop_all(), server, listings, sources)
