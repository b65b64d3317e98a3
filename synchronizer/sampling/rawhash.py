# SPDX-License-Identifier: Apache-2.0
"""The id and the hash of each raw item of a page, without decoding the rest."""

import dataclasses
import secrets
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import xxhash

from synchronizer import errors

#: The longest id that the ledger keeps, in bytes.
MAX_ID_BYTES = 1020


@dataclasses.dataclass(frozen=True, slots=True)
class Slice:
    """Items of one page, each id once: the later wins. `bad`: why items were left out."""

    ids: list[str]
    hashes: list[int]
    items: Sequence[msgspec.Raw | bytes]
    bad: list[errors.BadItem]


class RawHasher:
    """Slices pages of one entity type.

    The seed is random in each process: nobody who can write into an entity can make
    two of its raw texts collide.
    """

    def __init__(self, id_field: str) -> None:
        identity = msgspec.defstruct("Identity", [("id", str, msgspec.field(name=id_field))])
        self._decode: Any = msgspec.json.Decoder(identity).decode
        self._seed = secrets.randbits(64)
        self._id_field = id_field

    def slices(self, items: Sequence[msgspec.Raw | bytes], size: int) -> Iterator[Slice]:
        """The page in parts of at most `size` items; an id comes in one of them only."""
        ids, kept, bad = self._identify(items)
        if len(set(ids)) != len(ids):
            last = dict(zip(ids, kept, strict=True))
            ids, kept = list(last), list(last.values())
        seed, digest = self._seed, xxhash.xxh3_64_intdigest
        for start in range(0, max(len(ids), 1), size):
            part = kept[start : start + size]
            hashes = [digest(item, seed) for item in part]
            yield Slice(ids[start : start + size], hashes, part, bad if start == 0 else [])

    def _identify(
        self, items: Sequence[msgspec.Raw | bytes]
    ) -> tuple[list[str], Sequence[msgspec.Raw | bytes], list[errors.BadItem]]:
        decode = self._decode
        try:
            ids = [decode(item).id for item in items]
            if not ids or (all(ids) and max(map(len, ids)) * 4 <= MAX_ID_BYTES):
                return ids, items, []
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass  # one of them is bad: which one, the slow way below tells
        ids, kept, bad = [], [], []
        for item in items:
            try:
                id_ = decode(item).id
                if not 0 < len(id_.encode()) <= MAX_ID_BYTES:
                    raise errors.BadItem(f"its {self._id_field} is empty or too long")
            except errors.BadItem as error:
                bad.append(error)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                bad.append(errors.BadItem(f"no usable {self._id_field}: {error}"))
            else:
                ids.append(id_)
                kept.append(item)
        return ids, kept, bad
