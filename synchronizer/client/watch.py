# SPDX-License-Identifier: Apache-2.0
"""Follows streams for as long as it is iterated over, and mends what is lost by itself."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.bus import topics
from synchronizer.bus.subscription import Delivery
from synchronizer.client.calls import Caller, Calls, Closed
from synchronizer.client.closing import Events
from synchronizer.client.events import Event
from synchronizer.client.follower import Follower
from synchronizer.client.pace import Pace
from synchronizer.client.requests import Requests
from synchronizer.client.standing import Standing
from synchronizer.client.streams import choose
from synchronizer.model import StreamKey

LOG = logging.getLogger(__name__)

#: The most notifications that are taken before the streams' questions get their turn.
BATCH = 1000
#: Seconds after which a barrier that was not heard is asked for again.
BARRIER_AGAIN = 2.0
#: A subscription that hears nothing although the server tells otherwise, so often, is made anew.
DEAF = 3


class Subscribed(Protocol):
    """What `bus.subscription.Subscription` has."""

    def get(self, timeout: float | None = None) -> Delivery | None: ...

    def close(self) -> None: ...


Subscribe = Callable[[Sequence[str]], Subscribed]


class Watch(Events):
    """An iterator of events; also a context manager, which closes it.

    It subscribes, has a barrier come back through the subscription, gets all, and then
    tells what changes. Everything happens in the iterating thread, while it waits for
    the next event. Outages, lost messages and new epochs are mended, not raised. What is
    raised: at the beginning, when there is no such type or cloud, or (unless it is
    `patient`) nobody answers; and `errors.Stop`, at any time. For one thread; only `close`
    may be called from any.
    """

    def __init__(
        self,
        caller: Caller,
        subscribe: Subscribe,
        types: Sequence[str],
        cloud: str | None,
        *,
        timeout: float,
        keep_entities: bool = False,
        patient: bool = False,
        repair: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not types:
            raise errors.BadRequest("name at least one entity type to watch")
        self._calls = Calls(caller)
        self._requests = Requests(self._calls, timeout)
        self._subscribe = subscribe
        self._types = list(dict.fromkeys(types))
        self._cloud = cloud
        self._timeout = timeout
        self._keep_entities = keep_entities
        self._patient = patient
        self._repair = repair
        self._clock = clock
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._subscription: Subscribed | None = None
        self._followers: dict[StreamKey, Follower] = {}
        self._topics: dict[str, Follower] = {}
        self._problem: str | None = None
        self._events = self._run()

    @property
    def standings(self) -> dict[StreamKey, Standing]:
        """How each stream stands; for any thread."""
        return {stream: follower.standing for stream, follower in self._followers.copy().items()}

    @property
    def problem(self) -> str | None:
        """What keeps the watch from beginning, as far as it is known; for any thread."""
        return self._problem

    @property
    def streams(self) -> tuple[StreamKey, ...]:
        """What is watched; known from the first event on."""
        return tuple(self._followers)

    def close(self) -> None:
        """Ends the iteration, also one that waits in another thread."""
        with self._lock:
            self._closed.set()
            subscription, self._subscription = self._subscription, None
        self._calls.close()
        if subscription is not None:
            subscription.close()

    # --- inside ----------------------------------------------------------------

    def _run(self) -> Iterator[Event]:
        try:
            self._begin()
            while True:
                yield from self._take(self._idle_for())
                for follower in self._followers.values():
                    yield from follower.work(lambda: self._take(0.0))
                if any(follower.deaf >= DEAF for follower in self._followers.values()):
                    LOG.warning(
                        "the bus brings nothing although there is something: subscribing anew"
                    )
                    self._listen()
        except Closed:
            return
        finally:
            self.close()

    def _begin(self) -> None:
        pace = Pace()
        since = self._clock()
        warned = False
        while True:
            try:
                for stream in choose(self._requests.describe(), self._types, self._cloud):
                    self._followers.setdefault(stream, self._follower(stream))
                self._listen()
                self._prove(self._clock() + self._timeout)
                self._problem = None
                return
            except (errors.Retry, errors.UnknownType, errors.UnknownCloud) as error:
                if not self._may_pass(error, self._clock() - since):
                    raise
                self._problem = str(error)
                if not warned:
                    LOG.warning("%s; trying again", error)
                    warned = True
                pace.trouble(self._clock())
                if self._closed.wait(max(0.0, pace.free - self._clock())):
                    raise Closed from None

    def _may_pass(self, error: errors.SynchronizerError, waited: float) -> bool:
        """Is it worth to wait for a beginning any longer?"""
        if isinstance(error, errors.Skip):
            # A daemon that has just begun does not know all of its streams yet.
            return self._patient and waited < self._timeout
        away = isinstance(error, errors.NobodyAnswers | errors.BusUnavailable)
        return self._patient or (not away and waited < self._timeout)

    def _follower(self, stream: StreamKey) -> Follower:
        return Follower(
            stream,
            self._requests,
            keep_entities=self._keep_entities,
            repair=self._repair,
            clock=self._clock,
        )

    def _listen(self) -> None:
        """Subscribes to all streams; an older subscription is given up."""
        self._topics = {
            topics.topic_of(stream.cloud, stream.type): follower
            for stream, follower in self._followers.items()
        }
        new = self._subscribe(list(self._topics))
        with self._lock:
            closed = self._closed.is_set()
            old = new if closed else self._subscription
            if not closed:
                self._subscription = new
        if old is not None:
            old.close()
        if closed:
            raise Closed
        for follower in self._followers.values():
            follower.deaf = 0
            follower.proven = False

    def _prove(self, until: float) -> None:
        """Waits until a barrier came back through the subscription, for each stream.

        Nothing is told meanwhile: no stream follows yet.
        """
        again = self._clock()
        failure: errors.Retry | None = None
        while unproven := [f for f in self._followers.values() if not f.proven]:
            now = self._clock()
            if now >= until:
                raise failure or errors.BusUnavailable(
                    f"no notification of {unproven[0].stream} came within {self._timeout:g} s of "
                    "asking for one; do the daemon's notifications go over this bus?"
                )
            if now >= again:
                failure = None
                again = now + BARRIER_AGAIN
                for follower in unproven:
                    try:
                        follower.prove()
                    except errors.Retry as error:
                        failure = error
            list(self._take(max(0.0, min(again, until) - self._clock()), most=1))

    def _idle_for(self) -> float | None:
        wake = min(follower.replica.wakes_at() for follower in self._followers.values())
        return None if wake == float("inf") else max(0.0, wake - self._clock())

    def _take(self, wait: float | None, most: int = BATCH) -> Iterator[Event]:
        """What the bus brought; waits at most so long (None: for ever) for the first of it."""
        for _ in range(most):
            subscription = self._subscription
            delivery = subscription.get(wait) if subscription is not None else None
            if self._closed.is_set():
                raise Closed
            if delivery is None:
                return
            wait = 0.0
            if (follower := self._topics.get(delivery.topic)) is not None:
                yield from follower.hear(delivery.event_type, delivery.payload)
