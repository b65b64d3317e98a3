# SPDX-License-Identifier: Apache-2.0
"""Deletes that lack evidence, and what an operator decides about them."""

import dataclasses
import threading
from collections.abc import Iterable, Mapping, Sequence

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.ledger import Hold
from synchronizer.sampling.observation import Request
from synchronizer.sampling.stream import StreamSampler

LOG = logging.getLogger(__name__)

#: Reason of a delete that needs nobody: the next complete listing decides.
SECOND_LISTING = "absent from one listing; waits for a second one"

#: Reason of one that no number of listings tells sooner, as all may come from one replica.
NEWBORN = "first seen a moment ago; waits until replicas have to know it"

_SOON = (SECOND_LISTING, NEWBORN)

_SHOWN = 5


class Holds:
    """The held deletes of one stream."""

    def __init__(self, sampler: StreamSampler) -> None:
        self._sampler = sampler
        self._lock = threading.Lock()
        self._held: dict[str, Request | None] = {}  # None: held by an earlier process
        self._reasons: dict[str, str] = {}
        self._told: list[str] = []  # the reasons that the log has

    def open(self) -> None:
        """Takes over what is held already."""
        with self._lock:
            for _, hold in self._sampler.ledger.held(self._sampler.id):
                self._held[hold.id] = None
                self._reasons[hold.id] = hold.reason
            self._sampler.counters.hold(len(self._held))

    def replace(self, reasons: Mapping[str, str], seen_from: Request) -> None:
        """The deletes that are held from now on, and why; `seen_from`: the listing's begin."""
        sampler = self._sampler
        with self._lock:
            if reasons != self._reasons:
                self._say(reasons)
            # Another process may have held some since, after a listing of its own.
            if reasons or sampler.ledger.held_count(sampler.id):
                sampler.ledger.hold(
                    sampler.id,
                    [
                        Hold(id_, seen_from.moment.base, reason, sampler.clock.now())
                        for id_, reason in reasons.items()
                    ],
                )
            self._held = dict.fromkeys(reasons, seen_from)
            self._reasons = dict(reasons)
            sampler.counters.hold(len(reasons))
        sampler.doubt(list(reasons))

    def forget(self, ids: Iterable[str]) -> None:
        """The ids are held no longer: deleted by other evidence, seen again, or released."""
        with self._lock:
            gone = [id_ for id_ in ids if id_ in self._held]
            if gone:
                self._forget(gone)

    def obey(self) -> None:
        """Carries out the operator's verdicts."""
        sampler = self._sampler
        with self._lock:
            seen = dict(self._held)
        decided = [hold for _, hold in sampler.ledger.held(sampler.id) if hold.verdict]
        if not decided:
            return
        confirmed = [
            (hold.id, seen.get(hold.id) or self._restored(hold))
            for hold in decided
            if hold.verdict == "confirm"
        ]
        deleted: list[str] = []
        try:
            deleted = sampler.record_deleted(confirmed).deleted
        except errors.Refused:  # the numbering began anew: what was decided on is no more
            LOG.warning("%s: decisions on held deletes came too late", sampler.key)
        ids = [hold.id for hold in decided]
        sampler.doubt(ids)
        with self._lock:
            self._forget(ids)
        LOG.info(
            "%s: an operator decided on %d held deletes: %d deleted, %d kept",
            *(sampler.key, len(ids), len(deleted), len(ids) - len(deleted)),
        )

    def _forget(self, ids: Sequence[str]) -> None:
        self._sampler.ledger.unhold(self._sampler.id, ids)
        for id_ in ids:
            self._held.pop(id_, None)
            self._reasons.pop(id_, None)
        if not self._reasons:
            self._say({})
        self._sampler.counters.hold(len(self._held))

    def _restored(self, hold: Hold) -> Request:
        """When a hold of an earlier process began, as far as the ledger tells."""
        now = self._sampler.now()
        return Request(dataclasses.replace(now.moment, base=hold.base), now.at)

    def _say(self, reasons: Mapping[str, str]) -> None:
        """Tells once why deletes are held, and once that none is. That one waits for a second
        look is nothing that an operator has to know."""
        key = self._sampler.key
        lasting = {id_: why for id_, why in reasons.items() if why not in _SOON}
        texts = sorted(set(lasting.values()))
        if lasting:
            shown = ", ".join(sorted(lasting)[:_SHOWN]) + (", ..." if len(lasting) > _SHOWN else "")
            LOG.log(
                logging.DEBUG if texts == self._told else logging.WARNING,
                "%s: %d deletes are held (%s): %s",
                *(key, len(lasting), shown, "; ".join(texts)),
            )
        elif self._told:
            LOG.info("%s: no delete is held any longer", key)
        self._told = texts
