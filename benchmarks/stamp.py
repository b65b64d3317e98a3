# SPDX-License-Identifier: Apache-2.0
"""Entities that say when they were written, and one number for many of them."""

import time
from collections.abc import Iterable
from typing import Any

import xxhash

from synchronizer.demo.truth import state_key

_FIELD = "written_at"


def stamped(entity: dict[str, Any]) -> dict[str, Any]:
    """The entity, written now."""
    return {**entity, _FIELD: time.time_ns() // 1000}


def age(entity: dict[str, Any]) -> float:
    """Seconds since it was written."""
    return time.time_ns() / 1e9 - float(entity[_FIELD]) / 1e6


def sum_of(entities: Iterable[dict[str, Any]]) -> str:
    """The same for the same entities in any process, in whichever order."""
    total = sum(xxhash.xxh3_128_intdigest(state_key(entity)) for entity in entities)
    return f"{total % (1 << 128):032x}"
