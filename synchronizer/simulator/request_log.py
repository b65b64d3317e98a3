# SPDX-License-Identifier: Apache-2.0
"""Counts what was asked and answered; optionally writes each request down."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from synchronizer.simulator.faults import Operation


class RequestLog:
    """Counts in memory; with a path, also one JSON line per request."""

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._file = None if path is None else path.open("wb")
        self._operations: Counter[str] = Counter()
        self._answers: Counter[str] = Counter()
        self._bytes = 0

    def note(
        self,
        operation: Operation,
        method: str,
        target: str,
        status: int,
        size: int,
        seconds: float,
        page: int | None,
    ) -> None:
        """Count an answer; status 0 stands for none.  Targets hold no secrets."""
        with self._lock:
            self._operations[operation] += 1
            self._answers[f"{operation} {status}"] += 1
            self._bytes += size
            if self._file is None:
                return
            line = {
                "at": time.time_ns() // 1000,
                "operation": operation,
                "method": method,
                "path": target,
                "status": status,
                "bytes": size,
                "seconds": round(seconds, 6),
                "page": page,
            }
            self._file.write(json.dumps(line).encode() + b"\n")
            self._file.flush()

    def stats(self) -> dict[str, Any]:
        """Return the counts since the start or the last reset."""
        with self._lock:
            return {
                "requests": self._operations.total(),
                "operations": dict(self._operations),
                "answers": dict(self._answers),
                "bytes": self._bytes,
            }

    def reset(self) -> None:
        with self._lock:
            self._operations.clear()
            self._answers.clear()
            self._bytes = 0

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None
