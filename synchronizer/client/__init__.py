# SPDX-License-Identifier: Apache-2.0
"""What a consumer imports: questions to the snapshot server, and streams of changes.

    client = Client("local:///run/synchronizer/bus.sock")
    for server in client.get_all("nova.server"):
        ...
    with client.watch(["nova.server"]) as events:
        for event in events:
            ...

It speaks the wire contract over the bus and keeps what the contract needs and no more:
a fingerprint per entity of a watched stream. It never reads the ledger, a source or a
configuration file, never writes anything, and needs neither the daemon's engines nor
its plugins to be installed.
"""

from synchronizer.client.client import Client
from synchronizer.client.copy import Copy
from synchronizer.client.events import Added, Deleted, Event, Resynced, Synced, Updated
from synchronizer.client.snapshot import Snapshot
from synchronizer.client.values import Activity, ChangesAnswer, Info, Item, StreamInfo, Version
from synchronizer.client.watch import Watch

__all__ = [
    "Activity",
    "Added",
    "ChangesAnswer",
    "Client",
    "Copy",
    "Deleted",
    "Event",
    "Info",
    "Item",
    "Resynced",
    "Snapshot",
    "StreamInfo",
    "Synced",
    "Updated",
    "Version",
    "Watch",
]
