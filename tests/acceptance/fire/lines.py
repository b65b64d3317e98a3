# SPDX-License-Identifier: Apache-2.0
"""What consumers tell the harness: a log of all that they were told, and their copy on demand.

A line `dump PATH` on a consumer's standard input has it write its copy there. Its log has
one JSON object a line, see `Line`; instants are microseconds since 1970.
"""

import os
import pathlib
import sys
import time
from collections.abc import Callable
from typing import Any, BinaryIO

import msgspec
import xxhash

_encoder = msgspec.json.Encoder(order="deterministic")


class Line(msgspec.Struct, omit_defaults=True):
    """`what`: begun, heard, bookmark, added, updated, deleted, resynced or synced.

    `first` and `last`: of a change set that was heard. `state`: see `state_of`. `vanished`:
    ids that a new snapshot lacks though the copy before had them.
    """

    what: str
    at: int
    id: str = ""
    epoch: str = ""
    revision: int = 0
    sampled_at: int = 0
    state: int = 0
    first: int = 0
    last: int = 0
    vanished: list[str] = []
    text: str = ""


class Dump(msgspec.Struct):
    synced: bool
    revision: int
    entities: dict[str, dict[str, Any]]


class Log:
    """A consumer's log, that goes on where the process before it ended."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        # The one before may have been killed in the middle of a line.
        self._file.write(b"\n")
        self.write(Line("begun", now(), text=str(os.getpid())))

    def write(self, line: Line) -> None:
        self._file.write(msgspec.json.encode(line) + b"\n")
        self._file.flush()


def obey(dump: Callable[[], Dump]) -> None:
    """Writes what `dump` gives whenever the harness asks; ends the process with the harness."""
    for line in sys.stdin:
        path = pathlib.Path(line.removeprefix("dump ").strip())
        fresh = path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(dump()))
        fresh.rename(path)
    os._exit(0)


def state_of(entity: dict[str, Any]) -> int:
    """Stands for one state of an entity."""
    return xxhash.xxh3_64_intdigest(_encoder.encode(entity))


def now() -> int:
    return time.time_ns() // 1000
