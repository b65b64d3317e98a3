# SPDX-License-Identifier: Apache-2.0
"""The vital signs of all processes of a daemon, in memory that they share.

Made before the fork, with a place for each process that there will be. Each place has one
writer at a time and any number of readers; nobody waits for anybody, so that a process that
stands still in the middle of a word stops no other. It holds two records that are written in
turns: a process that is killed in the middle of one leaves the other.
"""

import dataclasses
import mmap
import os
import struct
import threading
import time
import zlib
from collections.abc import Sequence

from synchronizer.vitals.phase import Phase

#: number of the record, pid, starts, phase, turn; since, due, progress; activity, text.
_FORMAT = struct.Struct("=qqqqqddd96s200s")
_SUM = struct.Struct("=I")
_RECORD = 512
_PLACE = 2 * _RECORD

#: Times that a place is read whose writer may be in the middle of writing.
_TRIES = 5


@dataclasses.dataclass(frozen=True, slots=True)
class Vital:
    """What one process last said of itself. Times are `time.monotonic()` seconds.

    `pid`: 0 before the first start. `starts`: how often it was started. `since`: when the
    phase began. `due`: when the next word has to come at the latest. `activity`: what is due
    then. `progress`: when who is to do that last made any. `text`: for people. `turn` rises
    with each reload that the master begins.
    """

    name: str
    pid: int = 0
    starts: int = 0
    phase: Phase = Phase.ABSENT
    since: float = 0.0
    due: float = 0.0
    progress: float = 0.0
    activity: str = ""
    text: str = ""
    turn: int = 0


class Board:
    """`names`: of the processes, each once."""

    def __init__(self, names: Sequence[str]) -> None:
        if len(set(names)) != len(names):
            raise ValueError(f"two processes of one name: {', '.join(names)}")
        self.names = tuple(names)
        self._places = {name: at * _PLACE for at, name in enumerate(self.names)}
        self._memory = mmap.mmap(-1, max(1, len(self.names)) * _PLACE)

    def read(self, name: str) -> Vital:
        """The process's last word."""
        return self._read(name)[1]

    def all(self) -> list[Vital]:
        """Of all processes."""
        return [self.read(name) for name in self.names]

    def slot(self, name: str) -> "Slot":
        """The place of the calling process, to be written from now on."""
        return Slot(self, name)

    def ended(self, name: str, grace: float) -> None:
        """The process of this name is gone, or not there yet, and has to be there within so many
        seconds. By whoever starts it, before he does."""
        now = time.monotonic()
        gone = dataclasses.replace(
            self.read(name),
            phase=Phase.ABSENT,
            since=now,
            due=now + grace,
            progress=now,
            activity="",
            text="",
        )
        self.write(gone)

    def write(self, vital: Vital) -> None:
        """For `Slot`."""
        number = self._read(vital.name)[0] + 1
        body = _FORMAT.pack(
            number,
            vital.pid,
            vital.starts,
            vital.phase,
            vital.turn,
            vital.since,
            vital.due,
            vital.progress,
            _cut(vital.activity, 96),
            _cut(vital.text, 200),
        )
        at = self._places[vital.name] + number % 2 * _RECORD
        record = body + _SUM.pack(zlib.crc32(body))
        self._memory[at : at + len(record)] = record

    def _read(self, name: str) -> tuple[int, Vital]:
        """The newest record that is whole, and its number."""
        place = self._places[name]
        best: tuple[int, Vital] | None = None
        for _ in range(_TRIES):
            for at in (place, place + _RECORD):
                record = self._memory[at : at + _FORMAT.size + _SUM.size]
                body, (expected,) = record[: _FORMAT.size], _SUM.unpack(record[_FORMAT.size :])
                if zlib.crc32(body) == expected:
                    found = _vital(name, body)
                    best = found if best is None or found[0] > best[0] else best
            if best is not None:
                return best
        return 0, Vital(name)  # nothing was ever written


class Slot:
    """One process's place. Its threads share it."""

    def __init__(self, board: Board, name: str) -> None:
        self._board = board
        self._lock = threading.Lock()
        before = board.read(name)
        self._vital = Vital(name, os.getpid(), before.starts + 1, turn=before.turn)

    @property
    def vital(self) -> Vital:
        """What was written last."""
        return self._vital

    def write(
        self,
        *,
        phase: Phase | None = None,
        text: str | None = None,
        since: float | None = None,
        due: float | None = None,
        progress: float | None = None,
        activity: str | None = None,
        turn: int | None = None,
    ) -> None:
        """Says what is given, and the rest as before."""
        with self._lock:
            was = self._vital
            self._vital = dataclasses.replace(
                was,
                phase=was.phase if phase is None else phase,
                text=was.text if text is None else text,
                since=was.since if since is None else since,
                due=was.due if due is None else due,
                progress=was.progress if progress is None else progress,
                activity=was.activity if activity is None else activity,
                turn=was.turn if turn is None else turn,
            )
            self._board.write(self._vital)


def _cut(text: str, most: int) -> bytes:
    """The text's beginning, in whole characters."""
    return text.encode(errors="replace")[:most].decode(errors="ignore").encode()


def _vital(name: str, body: bytes) -> tuple[int, Vital]:
    number, pid, starts, phase, turn, since, due, progress, activity, text = _FORMAT.unpack(body)
    return number, Vital(
        name,
        pid,
        starts,
        Phase(phase),
        since,
        due,
        progress,
        activity.rstrip(b"\0").decode(),
        text.rstrip(b"\0").decode(),
        turn,
    )
