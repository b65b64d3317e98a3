# SPDX-License-Identifier: Apache-2.0
"""Puts right what is held, entity by entity, when it differs from the server at its own
revision: what differs is found by its digests, and got version by version."""

from synchronizer import errors
from synchronizer.client.live import Applied, Live
from synchronizer.client.narrowing import Narrowing
from synchronizer.client.questions import AskDigests, AskRoster, GetVersion
from synchronizer.client.values import Digests, RosterItem, RosterPage, Version
from synchronizer.model import Change, Entity

#: So many differences, or one in so many, whichever is more, are put right one by one.
FEW = 100
ONE_IN = 100

_GONE = object()


class Repair:
    """`listed_at`: stands for the instant of a delete of which nothing is known."""

    def __init__(self, live: Live, epoch: str, revision: int, listed_at: int | None) -> None:
        self._live = live
        self._revision = revision
        self._listed_at = listed_at or 0
        self._narrowing = Narrowing(live.fingerprints, epoch, revision)
        self._most = max(FEW, len(live) // ONE_IN)
        self._wanted: dict[str, RosterItem] = {}

    def question(self) -> AskDigests | AskRoster | GetVersion | None:
        """What to ask next; None: it is done."""
        if (question := self._narrowing.question()) is not None:
            return question
        for item in self._wanted.values():
            return GetVersion(item.id, item.revision, item.fingerprint)
        return None

    @property
    def complaint(self) -> str | None:
        """Why it is of no use: so much differs that all is better got again, or what is held
        is not what the server counted although it is done."""
        if self._narrowing.found > self._most:
            return f"{self._narrowing.found} or more entities differ at revision {self._revision}"
        done = self.question() is None
        if done and not self._live.agrees(self._narrowing.count, self._narrowing.digest):
            return f"count or digest differ at revision {self._revision}, also after a repair"
        return None

    def digests(self, answer: Digests) -> list[Applied]:
        """The server's digests."""
        self._narrowing.digests(answer)
        return self._narrowed()

    def roster(self, page: RosterPage) -> list[Applied]:
        """A page of a roster; with the last one, what is not there goes."""
        self._narrowing.roster(page)
        return self._narrowed()

    def version(self, version: Version) -> list[Applied]:
        """The state of one entity."""
        item = self._wanted.get(version.id)
        if item is None or version.fingerprint != item.fingerprint or version.entity is None:
            raise errors.BadMessage(f"{version.id!r:.80} at {version.revision} is another state")
        del self._wanted[version.id]
        entity, known = version.entity, version.id in self._live.fingerprints
        old = self._live.entities.get(version.id) if self._live.entities is not None else None
        change = Change(
            revision=self._revision,
            op="update" if known else "create",
            id=version.id,
            sampled_at=version.sampled_at,
            fingerprint=version.fingerprint,
            changed=_changed(old, entity) if known else (),
        )
        return [self._live.apply(change, entity, repaired=True)]

    def _narrowed(self) -> list[Applied]:
        if self._narrowing.question() is not None or self._narrowing.found > self._most:
            return []
        differences = self._narrowing.differences
        self._wanted = differences.missing | differences.differing
        return [
            self._live.apply(self._gone(id_), None, repaired=True) for id_ in differences.surplus
        ]

    def _gone(self, id_: str) -> Change:
        return Change(
            revision=self._revision,
            op="delete",
            id=id_,
            sampled_at=self._listed_at,
            fingerprint=None,
        )


def _changed(old: Entity | None, new: Entity) -> tuple[str, ...]:
    """The top-level fields that differ; all that may, where the old state is not known."""
    if old is None:
        return tuple(sorted(new))
    return tuple(
        sorted(n for n in old.keys() | new.keys() if old.get(n, _GONE) != new.get(n, _GONE))
    )
