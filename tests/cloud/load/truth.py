# SPDX-License-Identifier: Apache-2.0
"""The ground truth: what was done to the cloud, as JSON lines.

Each operation that a service accepted or refused:

    {"type": "server", "id": ..., "op": "rename", "project": ..., "ok": true,
     "http": 200, "sent": T, "answered": T, "settled": T, "status": "ACTIVE",
     "want": {"name": ...}}

T is in microseconds since the epoch.  ``settled`` is when the entity was last
seen to change state on its own account (a deleted one: when it was seen gone).
``ok`` is null when no answer came: nobody knows then whether it was done.  When
the load ends, one line with op ``present`` for each entity in each listing says
what a consumer should have arrived at, side effects included (the port of a
server, the volumes of a stack).
"""

import collections
import json
import threading
import time
from pathlib import Path
from typing import Any


def now() -> int:
    """Return the time in microseconds since the epoch."""
    return time.time_ns() // 1000


class Truth:
    """Appends lines to a file, from any thread."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", buffering=1, encoding="utf-8")
        self._lock = threading.Lock()
        self.counts: collections.Counter[str] = collections.Counter()

    def __enter__(self) -> "Truth":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, **line: Any) -> None:
        """Write one line, whole."""
        outcome = {True: "", False: " refused", None: " unanswered"}[line.get("ok", True)]
        with self._lock:
            self.counts[f"{line['type']} {line['op']}{outcome}"] += 1
            self._file.write(json.dumps(line) + "\n")
