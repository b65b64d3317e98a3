# SPDX-License-Identifier: Apache-2.0
"""Which values inside an entity differ, and how to write them into one line."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

#: Moves with every change and says nothing by itself.
NOISE = frozenset({"updated"})
#: Begin the names of Nova's extensions.
_PREFIXES = ("OS-EXT-STS:", "OS-EXT-SRV-ATTR:", "OS-SRV-USG:", "OS-EXT-AZ:", "OS-DCF:")
#: What people look for first.
FIRST = ("name", "status", "OS-EXT-STS:vm_state", "OS-EXT-STS:task_state", "addresses")
#: In place of a value that is not there.
MISSING: Any = object()


class Difference(NamedTuple):
    """`path` leads to the value, as `metadata.role`; texts are short, "-" is no value."""

    path: str
    old: str
    new: str


def differences(old: Any, new: Any, fields: Sequence[str]) -> list[Difference]:
    """The values below these top-level fields that differ; noise only where it is all."""
    told = [field for field in fields if field not in NOISE] or list(fields)
    told.sort(key=lambda field: FIRST.index(field) if field in FIRST else len(FIRST))
    return [
        Difference(shortened(path), short(before), short(after))
        for field in told
        for path, before, after in leaves(field, old.get(field, MISSING), new.get(field, MISSING))
    ]


def leaves(path: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    """Goes into objects and arrays of the same length, down to what differs."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys([*old, *new]):
            yield from leaves(f"{path}.{name}", old.get(name, MISSING), new.get(name, MISSING))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for before, after in zip(old, new, strict=True):
            yield from leaves(path, before, after)
    elif old is MISSING or new is MISSING or old != new:
        yield path, old, new


def shortened(path: str) -> str:
    for prefix in _PREFIXES:
        path = path.removeprefix(prefix)
    return path


def short(value: Any, width: int = 24) -> str:
    if value is None or value is MISSING or value == "":
        return "-"
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= width else text[: width - 1] + "…"
