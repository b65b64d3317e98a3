# SPDX-License-Identifier: Apache-2.0
"""A consumer that mirrors a stream, as it is told to.

A process of its own: `python -m benchmarks.mirroring URL CLOUD TYPE`. For each line "sync" it
makes a mirror, waits until that is whole, and prints a line of JSON: `entities`, `seconds`;
then ends it. "follow" makes one that stays, with a handler; "report" prints what this was told
since it was whole: a list of (id, revision, microseconds since the epoch).
"""

import json
import sys
import time

from synchronizer.client import Added, Client, Deleted, Mirror, Updated

PATIENCE = 600.0
#: Seconds for handlers to be told what the mirror knows.
TELLING = 60.0


def sync(client: Client, type_: str) -> dict[str, float]:
    began = time.monotonic()
    with Mirror(client, [type_]) as mirror:
        mirror.wait_synced(PATIENCE)
        return {"entities": len(mirror), "seconds": time.monotonic() - began}


class Following:
    """`told`: what the handler was told, without what was there."""

    def __init__(self, client: Client, type_: str) -> None:
        self.told: list[tuple[str, int, int]] = []
        self.mirror = Mirror(client, [type_])
        self.mirror.start()
        self.mirror.wait_synced(PATIENCE)
        self.handlers = self.mirror.subscribe(
            added=self._note, updated=self._note, deleted=self._note
        )
        self.handlers.wait(PATIENCE)
        self.told.clear()

    def _note(self, event: Added | Updated | Deleted) -> None:
        self.told.append((event.id, event.revision, time.time_ns() // 1000))


def main() -> None:
    url, cloud, type_ = sys.argv[1:]
    following: Following | None = None
    with Client(url, cloud=cloud) as client:
        client.describe()
        print("ready", flush=True)
        for line in sys.stdin:
            answer: object = None
            match line.strip():
                case "sync":
                    answer = sync(client, type_)
                case "follow":
                    following = Following(client, type_)
                case "report" if following is not None:
                    following.handlers.wait(TELLING)
                    answer = following.told
            print(json.dumps(answer), flush=True)
        if following is not None:
            following.mirror.close()


if __name__ == "__main__":
    main()
