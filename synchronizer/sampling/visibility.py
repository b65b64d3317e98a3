# SPDX-License-Identifier: Apache-2.0
"""Can the credential still see what is not its own?

A credential that lost its role gets good answers, of its own scope only, and 404 for
everything else. So before and after absences are confirmed, an entity that only who sees
all can see (a witness) must be visible, with the same credential.
"""

import random
from collections.abc import Iterator, Sequence

from synchronizer import errors, fingerprint
from synchronizer.plugin import KnowsScope
from synchronizer.sampling.observation import Sight
from synchronizer.sampling.pace import Pace
from synchronizer.sampling.stream import StreamSampler

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
        if not isinstance(plugin, KnowsScope):
            return None
        with self._sampler.asking():  # for a token, perhaps
            return plugin.credential()

    def witnesses(self, seen: Sequence[str], unseen: Sequence[str]) -> list[str]:
        """Some of the seen ids that vouch for what the credential sees.

        Empty when there is nothing to prove: the plugin knows no scopes, or none that was
        ever seen could vouch. `Blind` when some that could were known and none was seen.
        """
        plugin = self._sampler.plugin
        if not isinstance(plugin, KnowsScope):
            return []
        with self._sampler.asking():
            own = plugin.own_scope()
        start = random.randrange(len(seen)) if seen else 0  # noqa: S311 - not a secret
        for found in self._vouching([*seen[start:], *seen[:start]], plugin, own):
            self._last = (own, found)
            return found
        for _ in self._vouching(unseen, plugin, own):
            raise Blind("entities of other scopes were known and none of them is seen now")
        return []

    def recent(self) -> list[str]:
        """The last witnesses that were found; empty when others must be looked for."""
        plugin = self._sampler.plugin
        own, found = self._last
        if not isinstance(plugin, KnowsScope):
            return []
        with self._sampler.asking():
            return found if plugin.own_scope() == own else []

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

    def _vouching(
        self, ids: Sequence[str], plugin: KnowsScope, own: str | None
    ) -> Iterator[list[str]]:
        """For each chunk of ids with some that vouch: a few of those."""
        type_ = self._sampler.type
        for start in range(0, len(ids), _CHUNK):
            self._pace.check()
            self._sampler.pulse.expect()
            chunk = list(dict.fromkeys(ids[start : start + _CHUNK]))
            payloads = self._sampler.ledger.entities(self._sampler.id, chunk)
            found = [
                id_
                for id_, payload in payloads.items()
                if plugin.vouches(type_, fingerprint.decode(payload), own)
            ]
            if found:
                yield found[:_WITNESSES]
