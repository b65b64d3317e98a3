# SPDX-License-Identifier: Apache-2.0
"""The process that answers RPC."""

import contextlib
import threading

from synchronizer.bus.notifier import Notifier
from synchronizer.bus.rpc import RpcServer
from synchronizer.bus.transport import notification_transport, rpc_transport
from synchronizer.daemon.service import Part, PartService
from synchronizer.ledger import Ledger
from synchronizer.snapshot import Endpoint

#: Calls that may wait for a listing at once; one thread is always left for the others.
MOST_WAITING = 4


class SnapshotPart:
    """The RPC server; lives until it is told to stop."""

    def __init__(self, resources: contextlib.ExitStack, server: RpcServer) -> None:
        self._resources = resources
        self._server = server
        self._stopping = threading.Event()

    def run(self) -> None:
        with self._resources:
            self._server.start()
            self._stopping.wait()
            self._server.stop()

    def stop(self) -> None:
        self._stopping.set()


class SnapshotService(PartService):
    name = "snapshot"

    def make(self) -> Part:
        settings = self.settings
        with contextlib.ExitStack() as making:
            ledger = Ledger.open(settings.ledger.url, state_path=settings.state_path)
            making.callback(ledger.close)
            notifications = notification_transport(settings.notification_transport_url)
            making.callback(notifications.cleanup)
            transport = rpc_transport(settings.transport_url)
            making.callback(transport.cleanup)
            notifier = Notifier(notifications, f"synchronizer.{settings.host}")
            endpoint = Endpoint(
                ledger,
                notifier.send,
                host=settings.host,
                page=settings.snapshot.page,
                max_bytes=settings.snapshot.max_bytes,
                first_listing_timeout=settings.snapshot.first_listing_timeout,
                bookmark_interval=settings.relay.bookmark_interval,
                most_waiting=min(MOST_WAITING, settings.snapshot.threads - 1),
            )
            server = RpcServer(
                transport, [endpoint], server=settings.host, threads=settings.snapshot.threads
            )
            return SnapshotPart(making.pop_all(), server)
