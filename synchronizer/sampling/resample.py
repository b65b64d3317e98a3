# SPDX-License-Identifier: Apache-2.0
"""Single entities that are to be looked at (again): discarded observations and hints."""

import threading
from collections.abc import Callable, Iterable

from oslo_log import log as logging

from synchronizer.sampling.evidence import Evidence
from synchronizer.sampling.observation import Sight
from synchronizer.sampling.pace import Pace
from synchronizer.sampling.stream import StreamSampler

LOG = logging.getLogger(__name__)

#: Ids that wait at most; beyond it a listing is cheaper.
MOST = 10_000

#: Deletes that wait for their confirmation, beyond which a listing confirms them sooner.
MANY = 100


class Resampler:
    """A bounded queue of ids, each in it once, in the order of asking.

    `early` asks for a listing before its time: for a service without GET, or when the
    queue is full.
    """

    def __init__(
        self,
        sampler: StreamSampler,
        evidence: Evidence,
        pace: Pace,
        *,
        wake: Callable[[], None],
        early: Callable[[], None],
    ) -> None:
        self._sampler = sampler
        self._evidence = evidence
        self._pace = pace
        self._wake = wake
        self._early = early
        self._lock = threading.Lock()
        self._queue: dict[str, None] = {}

    def add(self, ids: Iterable[str]) -> None:
        """Queues ids."""
        ids = list(ids)
        if not ids:
            return
        if not self._sampler.gets_one:
            self._sampler.doubt(ids)
            self._early()
            return
        with self._lock:
            for id_ in ids:
                if len(self._queue) < MOST:
                    self._queue.setdefault(id_)
            full = len(self._queue) >= MOST
        if full:
            LOG.info("%s: too many entities to look at one by one", self._sampler.key)
            self._early()
        self._wake()

    def confirm(self, ids: Iterable[str]) -> None:
        """Queues ids that the service calls deleted."""
        self.add(ids)
        if self.waiting() > MANY:
            self._early()

    def waiting(self) -> int:
        """How many ids wait."""
        with self._lock:
            return len(self._queue)

    def run(self) -> None:
        """Looks at all that wait now. An id stays in the queue until its look succeeded."""
        with self._lock:
            ids = list(self._queue)
        for id_ in ids:
            self._pace.step()
            with self._lock:
                if self._queue.pop(id_, 0) == 0:
                    continue
            try:
                settled = self._look(id_)
            except BaseException:
                self.add((id_,))
                raise
            if not settled:
                self.add((id_,))

    def _look(self, id_: str) -> bool:
        sight, request = self._sampler.look(id_)
        if sight is Sight.ABSENT and self._sampler.is_live(id_):
            if not self._evidence.of(id_, request):
                self._early()  # a listing has more to go by
            return True
        return sight is not Sight.RACED
