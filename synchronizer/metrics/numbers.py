# SPDX-License-Identifier: Apache-2.0
"""Numbers of several processes in memory that they share, which outlives each of them.

The memory is anonymous and made before the fork: it goes with the daemon, leaves nothing
behind, and no full disk harms it. Each process has a region of its own, found by its name
and not by its pid, and is the only one that writes there: one that is killed and started
again goes on with its numbers. A region only grows: a name is appended, once, before the
words in front say so; a number is written with one store. So whoever reads at any instant,
or comes after a kill at any instant, finds whole names and whole numbers.
"""

import mmap
import struct
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping

#: Bytes of a region. What is never touched costs nothing.
SIZE = 1 << 20

_WORD = 8
_ENTRY = struct.Struct("II")  # bytes of the name, and its checksum


class Region:
    """The numbers of one process, by name. One writer; any number of readers."""

    def __init__(self, size: int = SIZE) -> None:
        whole = memoryview(mmap.mmap(-1, size))
        self._bytes = whole
        self._numbers = whole.cast("d")
        # In the first word: how many bytes are in use after it.
        self._used = whole.cast("q")

    def places(self) -> dict[str, int]:
        """Where the number of each name is."""
        found = {}
        at, end = _WORD, _WORD + self._used[0]
        while at < end:
            size, checksum = _ENTRY.unpack_from(self._bytes, at)
            begin = at + _ENTRY.size
            name = bytes(self._bytes[begin : begin + size])
            if zlib.crc32(name) != checksum:
                break  # what is just being written is not in sight yet
            at = begin + _padded(size)
            found[name.decode()] = at // _WORD
            at += _WORD
        return found

    def append(self, name: str) -> int | None:
        """A place for a new name, with 0; None if the region is full."""
        encoded = name.encode()
        begin = _WORD + self._used[0]
        place = begin + _ENTRY.size + _padded(len(encoded))
        if place + _WORD > len(self._bytes):
            return None
        entry = _ENTRY.pack(len(encoded), zlib.crc32(encoded)) + encoded
        self._bytes[begin : begin + len(entry)] = entry
        self._numbers[place // _WORD] = 0.0
        self._used[0] = place
        return place // _WORD

    def __getitem__(self, place: int) -> float:
        return self._numbers[place]

    def __setitem__(self, place: int, number: float) -> None:
        self._numbers[place] = number


class Numbers:
    """A region for each of the named processes. Made in the process that all are forked from."""

    def __init__(self, names: Iterable[str], size: int = SIZE) -> None:
        #: When the daemon began, in seconds since 1970.
        self.began = time.time()
        self._regions: Mapping[str, Region] = {name: Region(size) for name in names}

    def of(self, name: str) -> Region:
        """The region of this process."""
        return self._regions[name]

    def all(self) -> Iterator[tuple[str, float]]:
        """Every number of every process, with its name."""
        for region in self._regions.values():
            for name, place in region.places().items():
                yield name, region[place]


def _padded(size: int) -> int:
    return -(-size // _WORD) * _WORD
