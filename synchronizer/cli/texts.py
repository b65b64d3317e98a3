# SPDX-License-Identifier: Apache-2.0
"""Values as texts for people, and the columns that a listing of entities has for them."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from synchronizer.bus import envelope
from synchronizer.model import Entity

#: What people look for first, if entities have it.
PREFERRED = (
    "id",
    "name",
    "display_name",
    "stack_name",
    "status",
    "stack_status",
    "state",
    "size",
    "tenant_id",
    "project_id",
    "updated",
    "updated_at",
    "updated_time",
)
#: How many columns a listing shows unless asked otherwise.
MOST = 6


def instant(value: int | None) -> str:
    """ISO 8601; empty for None."""
    return "" if value is None else envelope.instant_to_wire(value)


def cell(value: Any) -> Any:
    """A field as one line: nested values as JSON."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def all_columns(entities: Iterable[Entity]) -> list[str]:
    """Every field that an entity has, in the order in which they are met."""
    return list(dict.fromkeys(field for entity in entities for field in entity))


def default_columns(entities: Sequence[Entity]) -> list[str]:
    """Up to six fields that tell the entities apart: the usual ones first, then short ones."""
    there = all_columns(entities)
    columns = [name for name in PREFERRED if name in there][:MOST]
    if len(columns) < 3:
        flat = [n for n in there if not any(isinstance(e.get(n), dict | list) for e in entities)]
        columns += [name for name in flat if name not in columns][: MOST - len(columns)]
    return columns or ["id"]
