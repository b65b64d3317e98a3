# SPDX-License-Identifier: Apache-2.0
"""What an author tells the checks of the service behind the plugin."""

import abc
import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from synchronizer.model import EntityType
from synchronizer.plugin.base import Plugin


@dataclasses.dataclass(frozen=True, slots=True)
class Notified:
    """A native notification, and the (type name, id) pairs that it has to hint at; the id is
    None where the notification does not tell it."""

    event_type: str
    payload: Mapping[str, Any]
    hints: frozenset[tuple[str, str | None]] = frozenset()


class Source(abc.ABC):
    """The service under test, with at least one entity of each type; better with so many
    that a listing has several pages.

    Only `make_plugin` must be there. Each further hook lets more be proven: a check that
    needs one which is not offered is skipped. A hook may call pytest.skip itself, too: for a
    type for which it does, the check is left out; the other types are checked.
    """

    #: Seconds for one step of the plugin: one page, one entity, closing.
    deadline: float = 60.0
    #: Seconds until a change that a hook made has to show.
    patience: float = 30.0
    #: Whether `get_changes` tells of deletions, too. Not every service can.
    changes_show_deletes: bool = True
    #: Top-level fields whose names sound like a secret's and whose values are none.
    public_fields: frozenset[str] = frozenset()

    @abc.abstractmethod
    def make_plugin(self) -> Plugin:
        """A new plugin that reads this source; called for each check, and closed after it."""

    def make_unreachable_plugin(self) -> Plugin:
        """A new plugin whose service does not answer: a closed port, a missing file."""
        pytest.skip("the source offers no make_unreachable_plugin()")

    def secrets(self) -> Iterable[str]:
        """Texts that may show in `sensitive` fields and nowhere else: passwords, tokens.

        The values of secret settings need not be named.
        """
        return ()

    def absent_id(self, type_: EntityType) -> str:
        """An id, of the service's form, that no entity has."""
        return "00000000-0000-4000-8000-00000000dead"

    def creatable(self, type_: EntityType) -> bool:
        """Whether `create`, `update` and `delete` can do something for this type."""
        return True

    def create(self, type_: EntityType) -> str:
        """Makes a new entity; its id."""
        pytest.skip("the source offers no create()")

    def update(self, type_: EntityType, id_: str) -> None:
        """Changes an entity in a field that is not volatile (and so that the service's
        changes-since, if it has one, takes notice)."""
        pytest.skip("the source offers no update()")

    def delete(self, type_: EntityType, id_: str) -> None:
        """Deletes an entity."""
        pytest.skip("the source offers no delete()")

    def notifications(self) -> Iterable[Notified]:
        """Native notifications as the service sends them."""
        pytest.skip("the source offers no notifications()")
