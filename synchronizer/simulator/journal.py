# SPDX-License-Identifier: Apache-2.0
"""Writes the ground truth: a header, then each mutation as it happens, one JSON line each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from synchronizer.simulator.rendering import View
from synchronizer.simulator.world import Server

_LINE = b'{"seq": %d, "at": %d, "op": "%b", "id": "%b", "kind": "%b", "entity": %b}\n'


class Journal:
    """A file that is replaced when opened and flushed after each line.

    An entity is what the detailed listing shows an admin through `view`; a deleted one is null.
    """

    def __init__(self, path: Path, header: Mapping[str, object], view: View) -> None:
        self._view = view
        self._file = path.open("wb")
        self._write(json.dumps(dict(header)).encode() + b"\n")

    def record(self, seq: int, at: int, op: str, kind: str, server: Server) -> None:
        """Write one mutation; the caller holds the world's lock."""
        deleted = server.state.deleted
        entity = b"null" if deleted else self._view.render(server.facts, server.state)
        self._write(_LINE % (seq, at, op.encode(), server.facts.id, kind.encode(), entity))

    def close(self) -> None:
        self._file.close()

    def _write(self, line: bytes) -> None:
        self._file.write(line)
        self._file.flush()
