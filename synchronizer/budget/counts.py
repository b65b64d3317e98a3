# SPDX-License-Identifier: Apache-2.0
"""The numbers behind a budget, in a buffer that processes can share.

Each value is written with one store, so that a process that is killed anywhere leaves
nothing but a number that is off by its own requests; what it had in flight is `dropped`.
"""

import struct
from typing import Any

from synchronizer.plugin.budget import Purpose

#: Seconds: no window of a minute is to hold more than allowed, also by another's clock.
WINDOW = 60.25
#: Seconds; requests that ended within the same one are counted together.
BUCKET = 0.25
#: Processes that can share a budget.
HOLDERS = 64

_MAGIC = b"syncbdg1"
_HEAD = struct.Struct("8s16s")
_INSTANT = struct.Struct("d")
_FLYING = struct.Struct("4H")
_ALL_FLYING = struct.Struct(f"{HOLDERS * 4}H")
_BUCKETS = int(WINDOW / BUCKET) + 2
_WINDOW = struct.Struct(f"{_BUCKETS}Q")
_ENTRY = struct.Struct("Q")
#: A bucket's count is below its number.
_COUNT_BITS = 24
_COUNT = (1 << _COUNT_BITS) - 1

_PAUSED, _URGENT = 24, 32
_FLYING_AT = 40
_WINDOWS_AT = _FLYING_AT + HOLDERS * _FLYING.size
SIZE = _WINDOWS_AT + len(Purpose) * _WINDOW.size


class Counts:
    """Reads and writes the numbers. Instants are of the monotonic clock, in seconds. One caller
    at a time; whoever shares the buffer sees to that."""

    def __init__(self, buffer: Any) -> None:
        self._buffer = buffer

    def prepare(self, boot: bytes) -> None:
        """Begins anew unless the buffer is of this boot of the machine, as its clock is."""
        head = _HEAD.pack(_MAGIC, boot)
        if bytes(self._buffer[: _HEAD.size]) != head:
            self._buffer[:SIZE] = head + bytes(SIZE - _HEAD.size)

    @property
    def paused_until(self) -> float:
        return self._instant(_PAUSED)

    @paused_until.setter
    def paused_until(self, until: float) -> None:
        _INSTANT.pack_into(self._buffer, _PAUSED, until)

    @property
    def urgent_until(self) -> float:
        """Until when somebody with something urgent waits."""
        return self._instant(_URGENT)

    @urgent_until.setter
    def urgent_until(self, until: float) -> None:
        _INSTANT.pack_into(self._buffer, _URGENT, until)

    def flying(self) -> list[int]:
        """Requests that are under way, by purpose."""
        counts = _ALL_FLYING.unpack_from(self._buffer, _FLYING_AT)
        return [sum(counts[purpose :: len(Purpose) + 1]) for purpose in Purpose]

    def holds(self, holder: int) -> bool:
        """Whether requests of this holder are under way."""
        return any(self._of(holder))

    def begin(self, holder: int, purpose: Purpose) -> None:
        """A request is sent."""
        self._add(holder, purpose, 1)

    def end(self, holder: int, purpose: Purpose, now: float) -> None:
        """A request of this holder has its answer."""
        self._note(purpose, now, 1)
        self._add(holder, purpose, -1)

    def drop(self, holder: int, now: float) -> None:
        """The holder is gone; what it sent may have arrived until now."""
        for purpose, count in zip(Purpose, self._of(holder), strict=True):
            self._note(purpose, now, count)
        _FLYING.pack_into(self._buffer, _FLYING_AT + holder * _FLYING.size, 0, 0, 0, 0)

    def ended(self, now: float) -> list[int]:
        """Requests that ended within the window before now, by purpose."""
        first = int((now - WINDOW) / BUCKET) if now > WINDOW else 0
        least, most = first << _COUNT_BITS, (int(now / BUCKET) + 1) << _COUNT_BITS
        sums = []
        for purpose in Purpose:
            entries = _WINDOW.unpack_from(self._buffer, _WINDOWS_AT + purpose * _WINDOW.size)
            sums.append(sum(entry & _COUNT for entry in entries if least <= entry < most))
        return sums

    def _instant(self, at: int) -> float:
        value: float = _INSTANT.unpack_from(self._buffer, at)[0]
        return value

    def _of(self, holder: int) -> tuple[int, ...]:
        found = _FLYING.unpack_from(self._buffer, _FLYING_AT + holder * _FLYING.size)
        return found[: len(Purpose)]

    def _add(self, holder: int, purpose: Purpose, more: int) -> None:
        counts = list(self._of(holder))
        counts[purpose] = max(0, counts[purpose] + more)
        _FLYING.pack_into(self._buffer, _FLYING_AT + holder * _FLYING.size, *counts, 0)

    def _note(self, purpose: Purpose, now: float, more: int) -> None:
        number = int(now / BUCKET)
        at = _WINDOWS_AT + purpose * _WINDOW.size + (number % _BUCKETS) * _ENTRY.size
        entry = _ENTRY.unpack_from(self._buffer, at)[0]
        count = entry & _COUNT if entry >> _COUNT_BITS == number else 0
        _ENTRY.pack_into(self._buffer, at, number << _COUNT_BITS | min(count + more, _COUNT))
