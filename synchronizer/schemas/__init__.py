# SPDX-License-Identifier: Apache-2.0
"""JSON Schemas (draft 2020-12) of everything that crosses the bus, by name.

They describe the wire contract to programs that are not ours. Nothing here validates a
message, and nothing that sends or receives one depends on it: that what is sent is what is
described is proven by the tests.
"""

import importlib.resources
import json
from collections.abc import Iterator
from typing import Any

from synchronizer import errors

#: Before a schema's name in its `$id`. The number is the `schema` that messages carry.
ID_PREFIX = "urn:synchronizer:schema:1:"

_SUFFIX = ".json"
_COMMON = "common"


def names() -> tuple[str, ...]:
    """The names of all schemas, sorted."""
    return tuple(name for name in _stored() if name != _COMMON)


def load(name: str) -> dict[str, Any]:
    """The schema of this name, as a JSON object that is whole by itself.

    The schemas that it refers to are bundled into its `$defs` under their `$id`s, as the
    standard has it: a validator needs no other file. `errors.NotFound` for an unknown name.
    """
    if name not in names():
        raise errors.NotFound(f"there is no schema {name}; there are {', '.join(names())}")
    schema = _read(name)
    others: dict[str, Any] = {}
    _collect(schema, others)
    others.pop(schema["$id"], None)
    if others:
        schema["$defs"] = {**schema.get("$defs", {}), **others}
    return schema


def _stored() -> list[str]:
    files = importlib.resources.files(__name__).iterdir()
    return sorted(file.name.removesuffix(_SUFFIX) for file in files if file.name.endswith(_SUFFIX))


def _read(name: str) -> dict[str, Any]:
    text = importlib.resources.files(__name__).joinpath(name + _SUFFIX).read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _collect(schema: dict[str, Any], found: dict[str, Any]) -> None:
    """Adds every schema that this one refers to, and so on, by `$id`."""
    for reference in _references(schema):
        id_ = reference.partition("#")[0]
        if id_ and id_ not in found:
            found[id_] = other = _read(id_.removeprefix(ID_PREFIX))
            _collect(other, found)


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(reference := value.get("$ref"), str):
            yield reference
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)
