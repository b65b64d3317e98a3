# SPDX-License-Identifier: Apache-2.0
"""Entities as they are kept: compressed JSON."""

import threading

import msgspec
import zstandard

from synchronizer import errors

LEVEL = 3

_top_level = msgspec.json.Decoder(dict[str, msgspec.Raw])
_canonical = msgspec.json.Encoder(order="deterministic")


class Payloads:
    """Compresses and decompresses; for any number of threads (zstd contexts are not)."""

    def __init__(self) -> None:
        self._local = threading.local()

    def pack(self, entity: bytes) -> bytes:
        try:
            compressor = self._local.compressor
        except AttributeError:
            compressor = self._local.compressor = zstandard.ZstdCompressor(level=LEVEL)
        packed: bytes = compressor.compress(entity)
        return packed

    def unpack(self, payload: bytes) -> bytes:
        try:
            decompressor = self._local.decompressor
        except AttributeError:
            decompressor = self._local.decompressor = zstandard.ZstdDecompressor()
        try:
            entity: bytes = decompressor.decompress(payload)
        except zstandard.ZstdError as error:
            # One row's trouble, and no reason to stop what other streams do.
            raise errors.LedgerDamaged(f"an entity's content is damaged: {error}") from error
        return entity


def changed_fields(before: bytes, after: bytes) -> tuple[str, ...]:
    """The top-level fields that two JSON objects do not have alike, in order of name."""
    old = _top_level.decode(before)
    new = _top_level.decode(after)
    names = old.keys() ^ new.keys()
    names |= {name for name in old.keys() & new.keys() if not _alike(old[name], new[name])}
    return tuple(sorted(names))


def _alike(one: msgspec.Raw, other: msgspec.Raw) -> bool:
    """Equal in canonical form; equal texts, the usual case, are not decoded."""
    if bytes(one) == bytes(other):
        return True
    return _canonical.encode(msgspec.json.decode(one)) == _canonical.encode(
        msgspec.json.decode(other)
    )
