# SPDX-License-Identifier: Apache-2.0
"""The id and the hash of each raw item of a page, decoding as little as possible."""

import dataclasses
import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import msgspec
import xxhash

from synchronizer import errors

#: The longest id that the ledger keeps, in bytes.
MAX_ID_BYTES = 1020

#: Texts whose ids are remembered beside those of two texts per live entity.
_SPARE = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class Slice:
    """Items of one page, each id once: the later wins. `bad`: why items were left out."""

    ids: list[str]
    hashes: list[int]
    items: Sequence[msgspec.Raw | bytes]
    bad: list[errors.BadItem]


class RawHasher:
    """Slices pages of one entity type. `live`: how many entities there are, about.

    Finding the id in a text costs ten times as much as hashing the text, so the ids of
    texts that were seen before are remembered by hash. All are forgotten when there are
    more of them than could be of use; that costs each text one more look at most.

    The seed is random in each process: nobody who can write into an entity can make
    two raw texts collide.
    """

    def __init__(self, id_field: str, live: Callable[[], int] = lambda: 0) -> None:
        identity = msgspec.defstruct("Identity", [("id", str, msgspec.field(name=id_field))])
        self._decode: Any = msgspec.json.Decoder(identity).decode
        self._seed = secrets.randbits(64)
        self._id_field = id_field
        self._live = live
        self._ids: dict[int, str] = {}

    def slices(self, items: Sequence[msgspec.Raw | bytes], size: int) -> Iterator[Slice]:
        """The page in parts of at most `size` items; an id comes in one of them only."""
        seed, digest, find = self._seed, xxhash.xxh3_128_intdigest, self._ids.get
        hashes = [digest(item, seed) for item in items]
        found = [find(raw) for raw in hashes]
        bad = self._learn(found, hashes, items) if None in found else []
        if bad or len(set(found)) != len(found):
            last = {id_: place for place, id_ in enumerate(found) if id_ is not None}
            found = list(last)
            hashes = [hashes[place] for place in last.values()]
            items = [items[place] for place in last.values()]
        ids = cast("list[str]", found)
        for start in range(0, max(len(ids), 1), size):
            end = start + size
            first = bad if start == 0 else []
            yield Slice(ids[start:end], hashes[start:end], items[start:end], first)

    def _learn(
        self,
        found: list[str | None],
        hashes: Sequence[int],
        items: Sequence[msgspec.Raw | bytes],
    ) -> list[errors.BadItem]:
        """Fills in the ids that were not found. Why those that stay None have no id."""
        if len(self._ids) > 2 * self._live() + _SPARE:
            self._ids.clear()
        bad = []
        for place, id_ in enumerate(found):
            if id_ is not None:
                continue
            try:
                id_ = self._decode(items[place]).id
                if not 0 < len(id_.encode()) <= MAX_ID_BYTES:
                    raise errors.BadItem(f"its {self._id_field} is empty or too long")
                if "\0" in id_:  # not every ledger keeps one
                    raise errors.BadItem(f"its {self._id_field} holds a NUL")
            except errors.BadItem as error:
                bad.append(error)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                bad.append(errors.BadItem(f"no usable {self._id_field}: {error}"))
            else:
                found[place] = self._ids[hashes[place]] = id_
        return bad
