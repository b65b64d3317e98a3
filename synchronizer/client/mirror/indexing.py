# SPDX-License-Identifier: Apache-2.0
"""From an entity to the keys under which the indexes of a mirror find it."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

from oslo_log import log as logging

from synchronizer.model import Entity

LOG = logging.getLogger(__name__)

#: What an index function returns: one key (a text and a tuple are one), or an iterable of
#: keys, or None for none.
KeyFunction = Callable[[Entity], Any]

#: The keys of one entity, for each index in order.
Keys = tuple[tuple[Hashable, ...], ...]


class Indexing:
    """The index functions of a mirror, by name."""

    def __init__(self, functions: Mapping[str, KeyFunction]) -> None:
        self._functions = dict(functions)
        self._failing: set[str] = set()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._functions)

    def keys(self, entity: Entity, type_: str) -> Keys:
        """An entity for which a function fails is not in that index; the log says so once."""
        if not self._functions:
            return ()
        return tuple(
            self._keys(name, function, entity, type_) for name, function in self._functions.items()
        )

    def _keys(
        self, name: str, function: KeyFunction, entity: Entity, type_: str
    ) -> tuple[Hashable, ...]:
        try:
            return _keys_of(function(entity))
        except Exception as error:
            if name not in self._failing:
                self._failing.add(name)
                LOG.warning(
                    "the function of index %r fails for a %s (%s); what it fails for is not in "
                    "the index, and this is said once",
                    name,
                    type_,
                    type(error).__name__,
                )
            return ()


def _keys_of(result: Any) -> tuple[Hashable, ...]:
    if result is None:
        return ()
    if isinstance(result, str | bytes | tuple) or not isinstance(result, Iterable):
        hash(result)
        return (result,)
    return tuple(dict.fromkeys(key for key in result if key is not None))
