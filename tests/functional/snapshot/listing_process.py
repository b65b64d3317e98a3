# SPDX-License-Identifier: Apache-2.0
"""A snapshot server that lists by itself: FOLDER URL NAME."""

import signal
import sys
import threading
from pathlib import Path

from synchronizer.bus.notifier import Notifier
from synchronizer.bus.rpc import RpcServer
from synchronizer.bus.transport import notification_transport, rpc_transport
from synchronizer.ledger import Ledger
from synchronizer.sampling import Limits, OnDemand
from synchronizer.snapshot import Endpoint
from tests.functional.snapshot.scripted_source import Directory, Sources
from tests.unit.publishing.support import url_of

#: Seconds until the turn of a process that was killed ends.
LEASE = 4.0


def main(folder: str, url: str, name: str) -> None:
    place = Path(folder)
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    ledger = Ledger.open(url_of(place), state_path=place / "state")
    listings = OnDemand(ledger, Sources(Directory(place), name), limits=Limits(lease=LEASE))
    transport, notifications = rpc_transport(url), notification_transport(url)
    endpoint = Endpoint(
        ledger,
        Notifier(notifications, f"synchronizer.{name}").send,
        host=name,
        first_listing_timeout=1.0,
        lister=listings,
    )
    server = RpcServer(transport, [endpoint], server=name)
    server.start()
    if not server.wait_started(20):
        raise SystemExit("the bus is away")
    print("ready", flush=True)
    ended.wait()
    listings.stop()
    server.stop()
    listings.wait(5)
    transport.cleanup()
    notifications.cleanup()
    ledger.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
