# SPDX-License-Identifier: Apache-2.0
"""A message with one member taken away, or made another type; one after the other."""

import copy
from collections.abc import Iterator
from typing import Any

#: What is inside belongs to a cloud's services or to the caller.
OPAQUE = ("entity", "where")

Path = tuple[str | int, ...]


def paths(message: Any, so_far: Path = ()) -> Iterator[Path]:
    """Every member and item, the outer before the inner."""
    pairs: Any = ()
    if isinstance(message, dict):
        pairs = message.items()
    elif isinstance(message, list):
        pairs = enumerate(message)
    for name, value in pairs:
        path = (*so_far, name)
        yield path
        if name not in OPAQUE:
            yield from paths(value, path)


def without(message: Any, path: Path) -> Any:
    changed = copy.deepcopy(message)
    del _owner(changed, path)[path[-1]]
    return changed


def retyped(message: Any, path: Path) -> Any:
    """The value becomes one of a type that it can never have."""
    changed = copy.deepcopy(message)
    owner = _owner(changed, path)
    owner[path[-1]] = other_type(owner[path[-1]])
    return changed


def other_type(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return 1 if value else False
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str):
        return 7
    return [] if isinstance(value, dict) else {}


def named(path: Path) -> str:
    """`changes.*.id`: items and the names of clouds and types are all alike."""
    words = ["*" if isinstance(word, int) else word for word in path]
    if words[0] == "clouds":
        words[1:3] = ["*"] * len(words[1:3])
    return ".".join(words)


def _owner(message: Any, path: Path) -> Any:
    for word in path[:-1]:
        message = message[word]
    return message
