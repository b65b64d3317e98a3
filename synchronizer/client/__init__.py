# SPDX-License-Identifier: Apache-2.0
"""What a consumer imports: questions to the snapshot server, and streams of changes.

    client = Client("local:///run/synchronizer/bus.sock")
    for server in client.get_all("nova.server"):
        ...
    with client.watch(["nova.server"]) as events:
        for event in events:
            ...

    with Mirror(client, ["nova.server"]) as mirror:
        mirror.wait_synced(60)
        ...

It speaks the wire contract over the bus and keeps what the contract needs and no more:
a fingerprint per entity of a watched stream. It never reads the ledger, a source or a
configuration file, never writes anything, and needs neither the daemon's engines nor
its plugins to be installed.
"""

from synchronizer.client.asynchronous import AsyncWatch
from synchronizer.client.checking import Verified
from synchronizer.client.client import Client
from synchronizer.client.copy import Copy
from synchronizer.client.events import Added, Deleted, Event, Resynced, Synced, Updated
from synchronizer.client.history import History
from synchronizer.client.mirror import Handlers, Mirror, Staleness
from synchronizer.client.narrowing import Differences
from synchronizer.client.snapshot import Snapshot
from synchronizer.client.values import (
    Activity,
    ChangesAnswer,
    Info,
    Item,
    PastVersion,
    StreamInfo,
    Version,
)
from synchronizer.client.watch import Watch

__all__ = [
    "Activity",
    "Added",
    "AsyncWatch",
    "ChangesAnswer",
    "Client",
    "Copy",
    "Deleted",
    "Differences",
    "Event",
    "Handlers",
    "History",
    "Info",
    "Item",
    "Mirror",
    "PastVersion",
    "Resynced",
    "Snapshot",
    "Staleness",
    "StreamInfo",
    "Synced",
    "Updated",
    "Verified",
    "Version",
    "Watch",
]
