# SPDX-License-Identifier: Apache-2.0
"""Writes and entities for the ledger's tests."""

import json

from synchronizer.fingerprint import fingerprint
from synchronizer.ledger import StreamState, Write
from synchronizer.model import Entity, StreamKey

KEY = StreamKey("openstack1", "nova.server")
SEED = 7
#: An instant; what it is does not matter.
T0 = 1_767_323_045_000_000
NO_LIMITS = {"limit": 10_000, "max_bytes": 1 << 30}


def entity(id_: str, **fields: object) -> Entity:
    return {"id": id_, "status": "ACTIVE", **fields}


def _content(value: Entity) -> tuple[bytes, bytes, bytes]:
    hash_ = fingerprint(value, frozenset(), SEED)
    return hash_, hash_, json.dumps(value).encode()


def create(id_: str, *, base: int = 0, **fields: object) -> Write:
    hash_, match, text = _content(entity(id_, **fields))
    return Write("create", id_, hash_, match, base, T0, text)


def update(id_: str, *, base: int = 0, **fields: object) -> Write:
    hash_, match, text = _content(entity(id_, **fields))
    return Write("update", id_, hash_, match, base, T0, text)


def delete(id_: str, *, base: int = 0) -> Write:
    return Write("delete", id_, None, None, base, T0, None)


def where(state: StreamState) -> tuple[str, int]:
    return state.epoch, state.revision
