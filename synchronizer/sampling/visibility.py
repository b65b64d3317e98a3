# SPDX-License-Identifier: Apache-2.0
"""Can the credential still see what is not its own?

A credential that lost its role gets good answers, of its own scope only, and 404 for
everything else. So before and after absences are confirmed, an entity of another scope
(a witness) must be visible, with the same credential.
"""

import random
from collections.abc import Iterator, Sequence

from synchronizer import errors, fingerprint
from synchronizer.plugin import KnowsScope
from synchronizer.sampling.pace import Pace
from synchronizer.sampling.stream import Sight, StreamSampler

_CHUNK = 200
_WITNESSES = 5


class Blind(Exception):
    """The credential may not see everything any longer; the text says why it seems so."""


class Visibility:
    """Looks for witnesses of one stream, and asks them."""

    def __init__(self, sampler: StreamSampler, pace: Pace) -> None:
        self._sampler = sampler
        self._pace = pace
        self._last: tuple[str | None, list[str]] = (None, [])

    def credential(self) -> str | None:
        """What identifies the credential in use, or None where that is not known."""
        plugin = self._sampler.plugin
        return plugin.credential() if isinstance(plugin, KnowsScope) else None

    def witnesses(self, seen: Sequence[str], unseen: Sequence[str]) -> list[str]:
        """Some of the seen ids that are of another scope.

        Empty when there is nothing to prove: the plugin knows no scopes, or all that
        was ever seen is of the credential's own. `Blind` when others were known and
        none of them was seen.
        """
        plugin, scope_field = self._sampler.plugin, self._sampler.type.scope_field
        if not isinstance(plugin, KnowsScope) or scope_field is None:
            return []
        own = plugin.own_scope()
        start = random.randrange(len(seen)) if seen else 0  # noqa: S311 - not a secret
        for found in self._foreign([*seen[start:], *seen[:start]], scope_field, own):
            self._last = (own, found)
            return found
        for _ in self._foreign(unseen, scope_field, own):
            raise Blind("entities of other scopes were known and none of them is seen now")
        return []

    def recent(self) -> list[str]:
        """The last witnesses that were found; empty when others must be looked for."""
        plugin = self._sampler.plugin
        own, found = self._last
        return found if isinstance(plugin, KnowsScope) and plugin.own_scope() == own else []

    def confirm(self, witnesses: Sequence[str]) -> None:
        """GETs witnesses until one is seen. `Blind` when none is."""
        if not witnesses or not self._sampler.gets_one:
            return
        for id_ in witnesses:
            self._pace.step()
            try:
                sight, _ = self._sampler.look(id_)
            except errors.NotPermitted as error:
                raise Blind(f"the credential may not see {id_}: {error}") from None
            if sight in (Sight.FOUND, Sight.RACED):
                return
        self._last = (None, [])
        raise Blind(f"none of {len(witnesses)} entities of other scopes can be seen")

    def _foreign(
        self, ids: Sequence[str], scope_field: str, own: str | None
    ) -> Iterator[list[str]]:
        """For each chunk of ids with foreign ones: a few of those."""
        for start in range(0, len(ids), _CHUNK):
            self._pace.check()
            chunk = list(dict.fromkeys(ids[start : start + _CHUNK]))
            payloads = self._sampler.ledger.entities(self._sampler.id, chunk)
            scopes = {id_: _scope(payload, scope_field) for id_, payload in payloads.items()}
            found = [id_ for id_, scope in scopes.items() if scope is not None and scope != own]
            if found:
                yield found[:_WITNESSES]


def _scope(payload: bytes, scope_field: str) -> object:
    return fingerprint.decode(payload).get(scope_field)
