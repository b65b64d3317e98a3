# SPDX-License-Identifier: Apache-2.0
"""No delete without evidence: what is asked before an absent entity counts as deleted.

1. *Was the listing complete?* The caller's question; see `listing.py`.
2. *Is the absence of this id confirmed?* By the service's own 404 to a GET, or, for a
   service without GET, by two complete listings in a row. One whose last version is
   younger than `settle` needs two listings as well: replicas lag. One that was seen for the
   first time less than `settle` ago is not deleted at all, as both may come from one replica
   that does not know it yet. What the service itself
   calls deleted (`words.py`) needs no second listing, and no GET if a listing misses it.
3. *Can the credential still see?* See `visibility.py`; asked before and after each
   batch of confirmations, with the same credential.

An implausible share of a type is held, visibly, until each of its entities has its own
404; two listings are not enough for it.
"""

import dataclasses
import math
import random
from collections.abc import Collection, Sequence

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.sampling.baseline import Moment
from synchronizer.sampling.holds import NEWBORN, SECOND_LISTING, Holds
from synchronizer.sampling.observation import Request, Sight
from synchronizer.sampling.pace import Pace
from synchronizer.sampling.stream import StreamSampler
from synchronizer.sampling.visibility import Blind, Visibility

LOG = logging.getLogger(__name__)

#: Confirmations between two looks at a witness.
BATCH = 200

_CREDENTIAL_TRIES = 3

#: Entities among which a witness is looked for on behalf of a single absence.
_MOST_SEARCHED = 1000


@dataclasses.dataclass(slots=True)
class Verdict:
    """What became of absent ids. `held`: id -> why; `unclear`: they exist, but cannot be
    read; `again`: nobody can tell yet, to be sampled again. The rest is deleted, or was
    found after all. `later`: seconds until those that are held as too new no longer are."""

    held: dict[str, str] = dataclasses.field(default_factory=dict)
    unclear: list[str] = dataclasses.field(default_factory=list)
    again: list[str] = dataclasses.field(default_factory=list)
    later: float = 0.0


class Evidence:
    """Judges absences of one stream. `settle`: seconds."""

    def __init__(
        self,
        sampler: StreamSampler,
        visibility: Visibility,
        holds: Holds,
        pace: Pace,
        settle: float,
    ) -> None:
        self._sampler = sampler
        self._visibility = visibility
        self._holds = holds
        self._pace = pace
        self._settle = settle

    def after_listing(self, began: Request, previous: Moment | None) -> Verdict:
        """Judges all that a complete listing did not show.

        `previous`: when the complete listing right before it began, if there was one.
        """
        sampler = self._sampler
        absent = sampler.absences(began.moment)
        if not absent:
            return Verdict()
        seen = sampler.seen_since(began.moment)
        absent, again = self._without_told(absent, seen, began)
        if not absent:
            return Verdict(again=again)
        twice = set() if previous is None else set(sampler.absences(previous))
        implausible = _implausible(len(absent), len(absent) + len(seen))
        share = f"{len(absent)} of {len(absent) + len(seen)} entities are absent at once"
        try:
            witnesses = self._visibility.witnesses(seen, absent)
            if implausible:
                self._visibility.confirm(witnesses)
        except Blind as blind:
            return Verdict(held=dict.fromkeys(absent, str(blind)))
        except errors.Retry as error:
            self._holds.replace(dict.fromkeys(absent, f"not confirmed: {error}"), began)
            raise
        if not sampler.gets_one:
            return self._without_get(absent, began, twice, share if implausible else None)
        if implausible:
            reason = f"{share}; each is being confirmed by a GET"
            self._holds.replace(dict.fromkeys(absent, reason), began)
        verdict = Verdict(again=again)
        for start in range(0, len(absent), BATCH):
            batch = absent[start : start + BATCH]
            try:
                self._confirm(batch, witnesses, twice, verdict)
            except Blind as blind:
                verdict.held |= dict.fromkeys(absent[start:], str(blind))
                break
            except errors.Retry as error:
                # Those before are done; these and the rest were never confirmed.
                left = dict.fromkeys(absent[start:], f"not confirmed: {error}")
                self._holds.replace(verdict.held | left, began)
                raise
        return verdict

    def of(self, id_: str, look: Request) -> bool:
        """Judges one id that a single look did not find; whether it is settled now.

        No listing is concluded from: only the 404 and what the credential can see. Where the
        service itself called it deleted before, the 404 is enough: who could see that sees it.
        """
        if self._sampler.words.given((id_,)):
            outcome = self._sampler.record_deleted([(id_, look)])
            self._holds.forget(outcome.deleted)
            return not outcome.again
        verdict = Verdict()
        try:
            witnesses = self._visibility.recent()
            if not witnesses:
                others = [other for other in self._sampler.live_ids() if other != id_]
                if len(others) > _MOST_SEARCHED:
                    return False
                witnesses = self._visibility.witnesses(others, (id_,))
            self._confirm((id_,), witnesses, set(), verdict)
        except Blind as blind:
            LOG.debug("%s: %s is not found, but: %s", self._sampler.key, id_, blind)
            return False
        return not (verdict.held or verdict.unclear or verdict.again)

    def announced(self, ids: Sequence[str], others: Collection[str] = ()) -> None:
        """Judges ids that the service's notifications call deleted, and records the deletes.

        Their word, and a GET that does not find the entity, are enough: no second listing. As
        the word was not given to this credential, an entity that only who sees all can see is
        looked at after them; none of the `others` that are said to be deleted, too. What is not
        sure stays as it is.
        """
        credential = self._visibility.credential()
        gone: list[tuple[str, Request]] = []
        for id_ in ids:
            self._pace.step()
            sight, request = self._sampler.look(id_)
            if sight is Sight.ABSENT and self._sampler.is_live(id_):
                gone.append((id_, request))
        if not gone:
            return
        try:
            self._see_a_witness({*(id_ for id_, _ in gone), *others})
        except Blind as blind:
            LOG.debug("%s: %d are said to be gone, but: %s", self._sampler.key, len(gone), blind)
            return
        if self._visibility.credential() == credential:
            self._holds.forget(self._sampler.record_deleted(gone).deleted)

    def _see_a_witness(self, gone: set[str]) -> None:
        """`Blind` if none can be seen of those that there should be."""
        recent = [id_ for id_ in self._visibility.recent() if id_ not in gone]
        if recent:
            try:
                self._visibility.confirm(recent)
            except Blind:
                LOG.debug("%s: the last witnesses are gone: %s", self._sampler.key, recent)
            else:
                return
        others = [id_ for id_ in self._sampler.live_ids() if id_ not in gone]
        searched = random.sample(others, min(len(others), _MOST_SEARCHED))
        witnesses = self._visibility.witnesses(searched, ())
        if not witnesses and len(others) > len(searched):
            raise Blind(f"none of {len(searched)} entities could only be seen by who sees all")
        self._visibility.confirm(witnesses)

    def _without_told(
        self, absent: list[str], seen: Sequence[str], began: Request
    ) -> tuple[list[str], list[str]]:
        """Records those that the service itself calls deleted, and that the listing did not
        show either. The others; and ids to be sampled again."""
        told = self._sampler.words.given(absent)
        if not told:
            return absent, []
        try:
            self._visibility.confirm(self._visibility.witnesses(seen, absent))
        except Blind:
            return absent, []
        outcome = self._sampler.record_deleted([(id_, began) for id_ in told])
        self._holds.forget(outcome.deleted)
        known = set(told)
        return [id_ for id_ in absent if id_ not in known], outcome.again

    def _without_get(
        self, absent: Sequence[str], began: Request, twice: set[str], implausible: str | None
    ) -> Verdict:
        if implausible is not None:
            reason = f"{implausible}, and this type has no GET to confirm each"
            return Verdict(held=dict.fromkeys(absent, reason))
        verdict = Verdict()
        left = self._without_newborn([id_ for id_ in absent if id_ in twice], verdict)
        outcome = self._sampler.record_deleted([(id_, began) for id_ in left])
        self._holds.forget(outcome.deleted)
        verdict.held |= dict.fromkeys((i for i in absent if i not in twice), SECOND_LISTING)
        verdict.again += outcome.again
        return verdict

    def _confirm(
        self, batch: Sequence[str], witnesses: Sequence[str], twice: set[str], verdict: Verdict
    ) -> None:
        """GETs each of the batch and records the deletes that are sure."""
        for _ in range(_CREDENTIAL_TRIES):
            credential = self._visibility.credential()
            self._visibility.confirm(witnesses)
            gone: list[tuple[str, Request]] = []
            unclear, again = [], []
            for id_ in batch:
                self._pace.step()
                try:
                    sight, request = self._sampler.look(id_)
                except errors.NotPermitted as error:
                    raise Blind(f"the credential may not see {id_}: {error}") from None
                if sight is Sight.ABSENT:
                    gone.append((id_, request))
                elif sight is Sight.UNCLEAR:
                    unclear.append(id_)
                elif sight is Sight.RACED:
                    again.append(id_)
            if not gone:
                break
            self._visibility.confirm(witnesses)
            if self._visibility.credential() == credential:
                break
        else:
            raise Blind("the credential changed each time that absences were being confirmed")
        old = set(self._without_newborn([id_ for id_, _ in gone], verdict))
        young = {id_ for id_ in old if id_ not in twice and self._age(id_) < self._settle}
        sure = old - young
        outcome = self._sampler.record_deleted([(i, at) for i, at in gone if i in sure])
        self._holds.forget(outcome.deleted)
        verdict.held |= dict.fromkeys(young, SECOND_LISTING)
        verdict.unclear += unclear
        verdict.again += again + outcome.again

    def _without_newborn(self, ids: Sequence[str], verdict: Verdict) -> list[str]:
        """Those that every replica has to know by now; the others are held."""
        old: list[str] = []
        for id_ in ids:
            left = self._settle - self._age(id_, of_its_life=True)
            if left > 0:
                verdict.held[id_] = NEWBORN
                verdict.later = max(verdict.later, left)
            else:
                old.append(id_)
        return old

    def _age(self, id_: str, *, of_its_life: bool = False) -> float:
        """Seconds since the last version of the entity was sampled, or its first one."""
        sampler = self._sampler
        try:
            newest = sampler.ledger.version(sampler.id, id_)
        except errors.NotFound:
            return math.inf  # deleted meanwhile by another: nothing is left to decide
        at: int | None = newest.sampled_at
        if of_its_life and newest.op != "create":
            seconds = (sampler.clock.now() - newest.sampled_at) / 1_000_000
            at = sampler.ledger.born(sampler.id, newest) if seconds < self._settle else None
        return math.inf if at is None else (sampler.clock.now() - at) / 1_000_000


def _implausible(absent: int, known: int) -> bool:
    return (absent > 20 and absent > 0.05 * known) or (absent == known and known > 1)
