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

#: Fields that tell the state of an entity, and their values that are good or bad news.
STATES = frozenset({"status", "stack_status", "state", "provisioning_status"})
_GOOD = ("ACTIVE", "AVAILABLE", "IN-USE", "UP", "ENABLED", "OK")
_BAD = ("ERROR", "FAILED", "DOWN", "DISABLED")


def instant(value: int | None) -> str:
    """ISO 8601; empty for None."""
    return "" if value is None else envelope.instant_to_wire(value)


def age(seconds: float) -> str:
    """A duration in one unit, as people say it: "12 s", "3 min", "2 h", "5 d"."""
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def line(text: str) -> str:
    """Without anything that would break the line, or talk to the terminal."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "�" for c in text)


def as_json(value: Any, indent: int | None = None) -> str:
    """A value as JSON that cannot talk to a terminal: what cannot be printed is escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    if (text if indent is None else text.replace("\n", "")).isprintable():
        return text
    return json.dumps(value, indent=indent).replace("\x7f", "\\u007f")


def short(value: Any, most: int = 60) -> str:
    """A value as one line of at most so many characters."""
    text = line(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return text if len(text) <= most else text[: most - 1] + "…"


def mood_of(state: str) -> str:
    """The style of a state: good news, bad news, or on the way to one of them."""
    word = state.upper()
    if any(bad in word for bad in _BAD):
        return "bad"
    return "good" if word in _GOOD or word.endswith("_COMPLETE") else "warn"


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
