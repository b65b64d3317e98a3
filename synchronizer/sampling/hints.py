# SPDX-License-Identifier: Apache-2.0
"""Entities that the service's notifications named: each is read whole, soon, and once for
all that was said of it meanwhile.

A notification may come before its change can be read. So an entity of which a look shows
nothing new is looked at again: once, or, if it is said to be deleted, a few times.
"""

import dataclasses
import threading
from collections.abc import Callable, Iterable

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.sampling.changes import ChangesPoll
from synchronizer.sampling.clock import Clock
from synchronizer.sampling.evidence import Evidence
from synchronizer.sampling.observation import Sight
from synchronizer.sampling.pace import Pace
from synchronizer.sampling.stream import StreamSampler

LOG = logging.getLogger(__name__)

#: Seconds without a further hint after which an entity is looked at, and seconds for which
#: further hints put that off at most: a service tells of one change several times.
QUIET, LONGEST = 0.2, 1.0

#: Seconds before further looks at an entity that does not show what was said of it.
AGAIN = (2.0,)
AGAIN_IF_DELETED = (0.5, 1.5, 4.0)

#: Entities that are said to be deleted and judged together: one witness is enough for them.
BATCH = 20

#: Ids that wait, beyond which the service is asked for all changes at once, if it can be;
#: and seconds between two such questions.
MANY, CHANGES_GAP = 50, 2.0

#: Ids that wait at most; beyond it a listing is cheaper.
MOST = 10_000

#: Looks without an answer that can be understood after which an id is left to a listing.
MOST_BAD = 3


@dataclasses.dataclass(slots=True)
class _Waiting:
    """`since`, `due`: by the monotonic clock. `looks`: those that showed nothing new; `bad`:
    those without an answer that could be understood. `absent`: the last did not find it."""

    since: float
    due: float
    deleted: bool
    looks: int = 0
    bad: int = 0
    absent: bool = False


class Hints:
    """The hints of one stream that wait.

    `pace`: of the looks. `wake`: has `run` called. `early` asks for a listing before its
    time: for a service without GET, and where too many wait. `again` has ids looked at of
    which it cannot be told whose observation is the newer one.
    """

    def __init__(
        self,
        sampler: StreamSampler,
        evidence: Evidence,
        pace: Pace,
        changes: ChangesPoll | None,
        *,
        clock: Clock,
        wake: Callable[[], None],
        early: Callable[[], None],
        again: Callable[[Iterable[str]], None],
    ) -> None:
        self._sampler = sampler
        self._evidence = evidence
        self._pace = pace
        self._changes = changes
        self._clock = clock
        self._wake = wake
        self._early = early
        self._again = again
        self._lock = threading.Lock()
        self._waiting: dict[str, _Waiting] = {}
        self._ask_from = 0.0

    def add(self, id_: str | None, deleted: bool = False) -> None:
        """Something may have happened to this entity, or (None) to any; `deleted`: the service
        says that it is no more."""
        self._sampler.counters.add(hints=1)
        if id_ is None or not self._sampler.gets_one:
            self._sampler.doubt(() if id_ is None else (id_,))
            self._early()
            return
        with self._lock:
            now = self._clock.monotonic()
            waiting = self._waiting.setdefault(id_, _Waiting(now, now, deleted))
            if waiting.looks:  # at what was said before
                waiting.since, waiting.looks = now, 0
            waiting.due = min(now + QUIET, waiting.since + LONGEST)
            waiting.deleted |= deleted
            full = len(self._waiting) > MOST
            if full:
                self._waiting.clear()
        if full:
            LOG.info("%s: too many hints to look at one by one", self._sampler.key)
            self._early()
        else:
            self._wake()

    def waiting(self) -> int:
        """How many ids wait."""
        with self._lock:
            return len(self._waiting)

    def run(self) -> None:
        """Looks at each id when its time has come, until none waits."""
        while (seconds := self._seconds_left()) is not None:
            if seconds > 0:
                # What comes meanwhile is not due before that.
                self._pace.pause(min(seconds, QUIET))
                continue
            self._ask_for_changes()
            due = self._take()
            if due:
                self._see_to(due)

    def _seconds_left(self) -> float | None:
        with self._lock:
            first = min((waiting.due for waiting in self._waiting.values()), default=None)
        return None if first is None else first - self._clock.monotonic()

    def _take(self) -> dict[str, _Waiting]:
        """What is to be looked at now: some that are said to be deleted, or else one."""
        with self._lock:
            now = self._clock.monotonic()
            due = {id_: waiting for id_, waiting in self._waiting.items() if waiting.due <= now}
            gone = [id_ for id_, waiting in due.items() if waiting.deleted]
            chosen = gone[:BATCH] or sorted(due, key=lambda id_: due[id_].due)[:1]
            return {id_: self._waiting.pop(id_) for id_ in chosen}

    def _see_to(self, due: dict[str, _Waiting]) -> None:
        try:
            if all(waiting.deleted for waiting in due.values()):
                with self._lock:
                    others = [id_ for id_, other in self._waiting.items() if other.deleted]
                self._evidence.announced(list(due), others)
                found = [id_ for id_ in due if not self._sampler.is_live(id_)]
            else:
                found = [id_ for id_, waiting in due.items() if self._look(id_, waiting)]
        except BaseException as error:
            for id_, waiting in due.items():
                self._failed(id_, waiting, error)
            raise
        for id_, waiting in due.items():
            if id_ not in found:
                self._look_again(id_, waiting)

    def _look(self, id_: str, waiting: _Waiting) -> bool:
        """Whether it shows something new, or will be looked at anyway."""
        self._pace.step()
        before = self._sampler.revision_of(id_)
        self._sampler.doubt((id_,))
        sight, request = self._sampler.look(id_)
        if sight is Sight.RACED:
            self._again((id_,))
            return True
        waiting.absent = sight is Sight.ABSENT and self._sampler.is_live(id_)
        if waiting.absent:
            return self._evidence.of(id_, request)
        return self._sampler.revision_of(id_) != before

    def _look_again(self, id_: str, waiting: _Waiting) -> None:
        """The look did not show what was said of it."""
        pauses = AGAIN_IF_DELETED if waiting.deleted else AGAIN
        if waiting.looks < len(pauses):
            waiting.looks += 1
            self._put_back(id_, waiting, pauses[waiting.looks - 1])
        elif self._sampler.is_live(id_) and (waiting.deleted or waiting.absent):
            self._early()  # a listing has more to go by

    def _failed(self, id_: str, waiting: _Waiting, error: BaseException) -> None:
        waiting.bad += isinstance(error, errors.BadAnswer)
        if waiting.bad < MOST_BAD:
            self._put_back(id_, waiting, QUIET)
        else:
            self._early()

    def _put_back(self, id_: str, waiting: _Waiting, pause: float) -> None:
        with self._lock:
            newer = self._waiting.setdefault(id_, waiting)
            if newer is waiting:
                waiting.due = self._clock.monotonic() + pause
            else:
                newer.deleted |= waiting.deleted

    def _ask_for_changes(self) -> None:
        """Where many wait: what the service shows as changed need not be looked at."""
        if self._changes is None:
            return
        with self._lock:
            now = self._clock.monotonic()
            if len(self._waiting) <= MANY or now < self._ask_from:
                return
            self._ask_from = now + CHANGES_GAP
            asked = {id_: (waiting, waiting.due) for id_, waiting in self._waiting.items()}
        shown = self._changes.run()
        with self._lock:
            for id_ in shown & asked.keys():
                waiting, due = asked[id_]
                # What was said of it since the question may not be in the answer.
                if self._waiting.get(id_) is waiting and waiting.due == due:
                    del self._waiting[id_]
