# SPDX-License-Identifier: Apache-2.0
"""Canonical form, fingerprint and digest of entities.

The canonical form is JSON with sorted keys, without volatile and sensitive fields.
A fingerprint is keyed by the ledger's secret seed, so that nobody who can write
into an entity can make two of its states collide; the digest is not, so that every
consumer can compute it from the fingerprints it was given.
"""

from collections.abc import Iterable

import msgspec
import xxhash

from synchronizer import errors
from synchronizer.model import Entity

DIGEST_MODULUS = 1 << 128

#: A stream has at most 2**MOST_BITS buckets.
MOST_BITS = 10

#: Stands for the canonical form and hash below; a change of either gets a new name.
ALGORITHM = "xxh3-128/1"

_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder()


def decode(raw: bytes | msgspec.Raw) -> Entity:
    """The entity in a JSON text. `errors.BadItem` when it is not a JSON object."""
    try:
        entity = _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise errors.BadItem(f"not JSON: {error}") from None
    if not isinstance(entity, dict):
        raise errors.BadItem(f"not a JSON object but {type(entity).__name__}")
    return entity


def without(entity: Entity, fields: frozenset[str]) -> Entity:
    """The entity less some top-level fields; itself when it has none of them."""
    if fields.isdisjoint(entity):
        return entity
    return {name: value for name, value in entity.items() if name not in fields}


def encode(entity: Entity) -> bytes:
    """JSON with sorted keys."""
    return _encoder.encode(entity)


def fingerprint(entity: Entity, volatile: frozenset[str], seed: int) -> bytes:
    """16 bytes that stand for the entity's state; `sensitive` fields must be gone already."""
    return xxhash.xxh3_128_digest(_encoder.encode(without(entity, volatile)), seed=seed)


def digest_of(id_: str, fingerprint_: bytes) -> int:
    """What one live entity adds to its stream's digest."""
    name = id_.encode()
    return xxhash.xxh3_128_intdigest(len(name).to_bytes(4, "big") + name + fingerprint_)


def digest(live: Iterable[tuple[str, bytes]]) -> int:
    """The digest of live (id, fingerprint) pairs: their sum modulo 2**128, in any order."""
    return sum(digest_of(id_, fp) for id_, fp in live) % DIGEST_MODULUS


def bucket_of(id_: str, bits: int) -> int:
    """Which of the 2**bits buckets of a stream an id is in: the top bits of its hash."""
    return xxhash.xxh3_64_intdigest(id_.encode()) >> (64 - bits)
