# SPDX-License-Identifier: Apache-2.0
"""A consumer that notes when it has applied which state of which server.

A process of its own: `python -m benchmarks.consumer URL CLOUD TYPE FILE`. It prints a line
when it holds its first whole copy; a line of JSON in FILE follows for each change.
"""

import json
import sys
import time
from pathlib import Path

import xxhash

from synchronizer.client import Added, Client, Copy, Deleted, Resynced, Synced, Updated
from synchronizer.demo.truth import state_key
from synchronizer.model import Entity


def mark(entity: Entity | None) -> str:
    """Stands for a state of an entity in any process; None for its absence."""
    return xxhash.xxh3_128_hexdigest(state_key(entity))


def main() -> None:
    url, cloud, type_, path = sys.argv[1:]
    copy = Copy()
    synced = False
    with Path(path).open("w") as file, Client(url, cloud=cloud) as client:
        for event in client.watch([type_], patient=True):
            copy.apply(event)
            now = time.time_ns() // 1000
            if isinstance(event, Synced):
                print("synced", flush=True)
                synced = True
            elif isinstance(event, Resynced):
                synced = False  # what follows is a copy again
            elif synced:
                noted = {"at": now, "id": event.id, "state": mark(_new(event))}
                file.write(json.dumps(noted) + "\n")
                file.flush()


def _new(event: Added | Updated | Deleted) -> Entity | None:
    match event:
        case Added():
            return event.entity
        case Updated():
            return event.new
        case Deleted():
            return None


if __name__ == "__main__":
    main()
