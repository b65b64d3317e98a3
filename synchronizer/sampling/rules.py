# SPDX-License-Identifier: Apache-2.0
"""Under which rules two states of an entity are the same, and what differs between rules."""

import dataclasses
from collections.abc import Callable

import msgspec

from synchronizer import errors, fingerprint
from synchronizer.ledger import NewRules
from synchronizer.model import EntityType


def masked(type_: EntityType, volatile: frozenset[str], sensitive: frozenset[str]) -> EntityType:
    """The type with more masks than it declares. `errors.BadConfiguration` if it cannot have
    them."""
    if type_.id_field in volatile | sensitive:
        raise errors.BadConfiguration(
            f"{type_.name}: {type_.id_field} is the id; it can be neither volatile nor sensitive"
        )
    if type_.scope_field in sensitive:
        raise errors.BadConfiguration(
            f"{type_.name}: {type_.scope_field} tells whose an entity is; it cannot be sensitive"
        )
    return dataclasses.replace(
        type_, volatile=type_.volatile | volatile, sensitive=type_.sensitive | sensitive
    )


class _Named(msgspec.Struct):
    """What the ledger knows rules by."""

    algorithm: str
    plugin: str
    volatile: list[str]
    sensitive: list[str]


@dataclasses.dataclass(frozen=True, slots=True)
class Rules:
    """Those of one stream: its type's masks, the ledger's secret seed, and the plugin's
    version, which stands for what the plugin makes of the service's answers."""

    type: EntityType
    seed: int
    plugin_version: str

    @property
    def name(self) -> str:
        """A text that differs whenever `match` would."""
        named = _Named(
            fingerprint.ALGORITHM,
            self.plugin_version,
            sorted(self.type.volatile),
            sorted(self.type.sensitive),
        )
        return msgspec.json.encode(named).decode()

    def match(self, payload: bytes) -> bytes:
        """The match of a stored payload."""
        entity = fingerprint.without(fingerprint.decode(payload), self.type.sensitive)
        return fingerprint.fingerprint(entity, self.type.volatile, self.seed)

    def to_change(self) -> NewRules:
        """These rules, for the ledger to put them in force."""
        return NewRules(self.name, self.match, self._censor_after)

    def unmasked_after(self, rules: str) -> frozenset[str]:
        """Fields that were volatile under the rules of this name and are not any more."""
        named = _named(rules)
        return frozenset() if named is None else frozenset(named.volatile) - self.type.volatile

    def _censor_after(self, rules: str) -> Callable[[bytes], bytes | None] | None:
        """Nothing has to go that was kept out before."""
        named = _named(rules)
        if named is not None and self.type.sensitive <= frozenset(named.sensitive):
            return None
        return self._censor

    def _censor(self, payload: bytes) -> bytes | None:
        entity = fingerprint.decode(payload)
        left = fingerprint.without(entity, self.type.sensitive)
        return None if left is entity else fingerprint.encode(left)


def _named(rules: str) -> _Named | None:
    """None for what is not the name of such rules, as that of a change that was interrupted."""
    try:
        return msgspec.json.decode(rules, type=_Named)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None
