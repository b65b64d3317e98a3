# SPDX-License-Identifier: Apache-2.0
"""Follows streams for as long as it is iterated over, and mends what is lost by itself."""

import concurrent.futures
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.bus import topics
from synchronizer.bus.subscription import Delivery
from synchronizer.client.calls import Caller, Calls, Closed
from synchronizer.client.checking import Checks, Verified
from synchronizer.client.closing import Events
from synchronizer.client.events import Event
from synchronizer.client.follower import Follower
from synchronizer.client.pace import Pace
from synchronizer.client.requests import Requests
from synchronizer.client.standing import Standing
from synchronizer.client.streams import Wanted
from synchronizer.client.token import Positions
from synchronizer.model import StreamKey

LOG = logging.getLogger(__name__)

#: The most notifications that are taken before the streams' questions get their turn.
BATCH = 1000
#: Seconds after which a barrier that was not heard is asked for again: at first, when the
#: subscription is probably not there yet, and at most.
BARRIER_SOON, BARRIER_AGAIN = 0.02, 2.0
#: A subscription that hears nothing although the server tells otherwise, so often, is made anew.
DEAF = 3
#: Seconds after which it is looked whether a pattern means more streams than before.
LOOK_AGAIN = 60.0
#: Seconds after which it is noticed, at the latest, that another thread asked to verify.
NOTICE = 1.0


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
    and `verify` may be called from any.

    `resume`: a token. The streams that it has go on behind it, with what has happened since;
    all others begin with `Resynced`, as does one that cannot go on from there.
    """

    def __init__(
        self,
        caller: Caller,
        subscribe: Subscribe,
        types: Sequence[str],
        cloud: str | None,
        *,
        timeout: float,
        resume: str | None = None,
        keep_entities: bool = False,
        packed: bool = False,
        patient: bool = False,
        repair: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wanted = Wanted(types, cloud)
        self._resumed = resume is not None
        self.positions = Positions() if resume is None else Positions.from_token(resume)
        self.positions = self.positions.only(self._wanted.covers)
        self._checks = Checks()
        self._look_again = float("inf")
        self._calls = Calls(caller)
        self._requests = Requests(self._calls, timeout)
        self._subscribe = subscribe
        self._timeout = timeout
        self._keep_entities = keep_entities
        self._packed = packed
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
        """What is watched; known from the first event on, and growing where patterns are."""
        return tuple(self._followers.copy())

    @property
    def token(self) -> str:
        """Stands for the event that came last and all before it: save it with what they did, in
        one transaction, and a watch with `resume` brings exactly what came after.

        For the iterating thread, and until the next event is asked for.
        """
        return self.positions.to_token()

    def verify(self) -> concurrent.futures.Future[dict[StreamKey, Verified]]:
        """Has what is held of each stream compared with the server, as each bookmark has, and
        put right. Done once all were found right, and what was not was told; the iteration has
        to go on for that. Cancelled when the watch ends before."""
        return self._checks.ask()

    def close(self) -> None:
        """Ends the iteration, also one that waits in another thread."""
        with self._lock:
            self._closed.set()
            subscription, self._subscription = self._subscription, None
        self._calls.close()
        self._checks.cancel()
        if subscription is not None:
            subscription.close()

    # --- inside ----------------------------------------------------------------

    def _run(self) -> Iterator[Event]:
        try:
            self._begin()
            while True:
                yield from self._take(self._idle_for())
                self._checks.begin(self._followers)
                for follower in tuple(self._followers.values()):
                    yield from follower.work(lambda: self._take(0.0))
                self._checks.end(self._followers)
                if self._clock() >= self._look_again:
                    self._find_more()
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
                for stream in self._wanted.choose(self._requests.describe()):
                    if stream not in self._followers:
                        self._followers[stream] = self._follower(stream)
                self._listen()
                self._prove(self._clock() + self._timeout)
                self._problem = None
                if self._wanted.grows:
                    self._look_again = self._clock() + LOOK_AGAIN
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
            positions=self.positions,
            resumed=self._resumed,
            keep_entities=self._keep_entities,
            packed=self._packed,
            repair=self._repair,
            clock=self._clock,
        )

    def _find_more(self) -> None:
        """Follows streams that have come to be, and that patterns mean."""
        self._look_again = self._clock() + LOOK_AGAIN
        try:
            meant = [info.stream for info in self._requests.describe()]
        except errors.Retry as error:
            LOG.debug("whether there are more streams is not known: %s", error)
            return
        new = [s for s in meant if self._wanted.covers(s) and s not in self._followers]
        if not new:
            return
        LOG.info("there are more streams, which are watched, too: %s", ", ".join(map(str, new)))
        for stream in new:
            self._followers[stream] = self._follower(stream)
        self._listen()
        # Something may have been lost on the way from one subscription to the other.
        for follower in self._followers.values():
            follower.replica.verify()

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
            follower.listen()

    def _prove(self, until: float) -> None:
        """Waits until a barrier came back through the subscription, for each stream.

        Nothing is told meanwhile: no stream follows yet.
        """
        again, pause = self._clock(), BARRIER_SOON
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
                again, pause = now + pause, min(2 * pause, BARRIER_AGAIN)
                for follower in unproven:
                    try:
                        follower.prove()
                    except errors.Retry as error:
                        failure = error
            list(self._take(max(0.0, min(again, until) - self._clock()), most=1))

    def _idle_for(self) -> float | None:
        wake = min(follower.replica.wakes_at() for follower in self._followers.values())
        return max(0.0, min(NOTICE, min(wake, self._look_again) - self._clock()))

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
