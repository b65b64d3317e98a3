# SPDX-License-Identifier: Apache-2.0
"""The question that get_all is asked: which entities (`where`), and what of each (`fields`).

Both look at top-level fields by their exact names. `where` maps a field to the value
that it must have, or to a list of the values that it may have; all fields must hold,
and a field that an entity does not have counts as null.
"""

from typing import Any

import xxhash

from synchronizer import errors, fingerprint
from synchronizer.model import Entity

_MOST = 256


class Question:
    """Checked `fields` and `where`; `errors.BadRequest` when they do not make sense."""

    def __init__(self, fields: Any, where: Any) -> None:
        self._fields = _checked_fields(fields)
        self._where = _checked_where(where)

    @property
    def is_plain(self) -> bool:
        """Whether every entity is wanted, whole; then none needs decoding."""
        return self._fields is None and not self._where

    @property
    def hash(self) -> int:
        """Stands for the question in a cursor."""
        fields = None if self._fields is None else sorted(self._fields)
        return xxhash.xxh3_64_intdigest(
            fingerprint.encode({"fields": fields, "where": self._where})
        )

    def matches(self, entity: Entity) -> bool:
        return all(
            any(_same(entity.get(name), value) for value in values)
            for name, values in self._where.items()
        )

    def shown(self, entity: Entity) -> Entity:
        """What was asked for of an entity."""
        if self._fields is None:
            return entity
        return {name: value for name, value in entity.items() if name in self._fields}


def _checked_fields(fields: Any) -> frozenset[str] | None:
    if fields is None:
        return None
    if not isinstance(fields, list | tuple) or not fields or len(fields) > _MOST:
        raise errors.BadRequest(f"fields must be a list of 1 to {_MOST} names")
    if not all(isinstance(name, str) for name in fields):
        raise errors.BadRequest("fields must be names")
    return frozenset(fields)


def _checked_where(where: Any) -> dict[str, list[Any]]:
    if where is None:
        return {}
    if not isinstance(where, dict) or len(where) > _MOST:
        raise errors.BadRequest(f"where must map up to {_MOST} names of fields to values")
    checked: dict[str, list[Any]] = {}
    for name, wanted in where.items():
        if not isinstance(name, str):
            raise errors.BadRequest("where must map names of fields to values")
        values = list(wanted) if isinstance(wanted, list | tuple) else [wanted]
        if not values or len(values) > _MOST:
            raise errors.BadRequest(f"where: {name!r:.80} must have 1 to {_MOST} values")
        checked[name] = values
    return checked


def _same(value: Any, wanted: Any) -> bool:
    # To Python, true is 1; to JSON it is not.
    return isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)
