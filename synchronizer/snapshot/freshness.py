# SPDX-License-Identifier: Apache-2.0
"""How fresh a snapshot must be before get_all may answer, and the wait until it is.

A caller is satisfied by a listing that began after its call. What began when is told by
the numbers that listings are given in the ledger, so no two clocks are compared; only an
age above zero needs the clocks of the hosts to agree, as far as it matters to the caller.
"""

import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from synchronizer import errors
from synchronizer.bus import envelope
from synchronizer.ledger import Ledger, ListingState, StreamState
from synchronizer.snapshot import arguments
from synchronizer.snapshot.token import Token

#: Seconds after which a caller for whom there was no place may come again.
_NO_PLACE = 1.0


class InVain(Exception):
    """Nobody should wait for this listing any longer."""


class Lister(Protocol):
    """What may list streams in this process."""

    def want(self, stream: StreamState, number: int) -> bool:
        """Sees to it, for a while, that a listing of at least this number is proven; returns
        at once, and is called again and again while somebody waits. False when this process
        cannot list the stream now. With the number 0 the first listing is waited for, which
        the worker begins by itself. May raise `InVain`."""
        ...


class NoLister:
    """Leaves every listing to the sampling workers."""

    def want(self, stream: StreamState, number: int) -> bool:
        return False


class Freshness:
    """Decides whether the recorded state will do, and has the caller wait if not.

    `timeout`: seconds that a call waits at most. `most`: how many may wait at once; each
    holds one of the server's threads, and the others must go on being answered. `poll`:
    seconds between looks at the ledger.
    """

    def __init__(
        self,
        ledger: Ledger,
        lister: Lister,
        *,
        timeout: float = 30.0,
        most: int = 4,
        poll: float = 0.05,
        now: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        self._ledger = ledger
        self._lister = lister
        self._timeout = timeout
        self._places = threading.BoundedSemaphore(most)
        self._poll = poll
        self._now = now
        # Nobody sets it: it is what a wait waits on, without a busy sleep in each thread.
        self._never = threading.Event()

    def settle(self, stream: StreamState, max_age: Any) -> StreamState:
        """The stream's row, fresh enough.

        Without `max_age` any complete listing will do, however old. With it, one that
        began at most so many seconds before this call; 0: after it. When that is not
        there in time: `errors.Listing`, with the token to wait on in `cursor`, while one
        is under way, and `errors.ServiceUnavailable`, with the token, where none comes.
        """
        wanted = self._wanted(stream, max_age)
        return stream if wanted is None else self._wait(stream, wanted)

    def resume(self, stream: StreamState, wanted: Token) -> StreamState:
        """The stream's row once it has the listing that an earlier call waited for."""
        begun = self._ledger.listings.state(stream.id).begun
        if wanted.epoch != stream.epoch or wanted.number > begun + 1:
            # Its numbers are not of this stream any longer.
            wanted = _token(stream, begun + 1 if wanted.number else 0, wanted.began_after)
        return self._wait(stream, wanted)

    def _wanted(self, stream: StreamState, max_age: Any) -> Token | None:
        """What to wait for; None when nothing is."""
        if max_age is None:
            return None if stream.listed_at is not None else _token(stream, 0, None)
        age = arguments.seconds("max_age", max_age)
        began_after = None if age == 0 else self._now() - int(age * 1_000_000)
        if _began(stream.listed_at, began_after):
            return None
        present = self._ledger.listings.state(stream.id)
        will_do = present.running and _began(present.began_at, began_after)
        return _token(stream, present.begun + (0 if will_do else 1), began_after)

    def _wait(self, stream: StreamState, wanted: Token) -> StreamState:
        deadline = time.monotonic() + self._timeout
        has_place = self._places.acquire(blocking=False)
        try:
            while True:
                present = self._ledger.listings.state(stream.id)
                # Read after the proof, so it holds what the listing recorded.
                state = self._ledger.state(stream.id)
                if state.epoch != wanted.epoch:
                    number = present.begun + 1 if wanted.number else 0
                    wanted = _token(state, number, wanted.began_after)
                if _is_met(wanted, present, state):
                    return state
                try:
                    in_hand = self._ask_for(wanted, present, state)
                    left = deadline - time.monotonic()
                except InVain:
                    in_hand, left = False, 0.0
                # What cannot begin in time need not be waited for.
                too_late = not present.running and present.pause > left
                if left <= 0 or too_late or not has_place:
                    raise self._not_yet(state, wanted, present, in_hand, waited=has_place)
                self._never.wait(min(self._poll, left))
        finally:
            if has_place:
                self._places.release()

    def _ask_for(self, wanted: Token, present: ListingState, state: StreamState) -> bool:
        """Has somebody list, unless one that will do runs; whether that is this process."""
        if self._lister.want(state, wanted.number):
            return True
        if wanted.number and not present.running:
            # One that will do may have ended without a proof.
            number = max(wanted.number, present.begun + 1)
            if present.wanted < number:
                self._ledger.listings.want(state.id, number)
        return False

    def _not_yet(
        self,
        stream: StreamState,
        wanted: Token,
        present: ListingState,
        in_hand: bool,
        *,
        waited: bool,
    ) -> errors.ServiceUnavailable:
        fresh = "complete listing" if wanted.number == 0 else "complete listing as fresh as asked"
        parts = [
            f"{stream.key} has no {fresh} yet, and "
            + (
                f"none comes within {self._timeout:g} s"
                if waited
                else "too many callers wait for one already"
            )
        ]
        condition = self._ledger.condition(stream.id)
        held = self._ledger.held_count(stream.id)
        problem, since = present.problem, present.since
        if condition is not None:
            problem, since = condition.message, condition.since
        details: dict[str, Any] = {
            "cursor": wanted.encode(),
            "condition": problem,
            "held": held,
            "listed_at": wire_instant(stream.listed_at),
        }
        if problem is not None and since is not None:
            details["since"] = wire_instant(since)
            fails = condition is not None or present.failures
            what = "its source fails" if fails else "no listing of it could be proven"
            parts.append(f"since {details['since']} {what}: {problem}")
        elif held:
            parts.append(f"{held} deletes are held")
        if not waited:
            details["retry_after"] = _NO_PLACE
        elif present.pause:
            details["retry_after"] = present.pause
        if not present.failures and (present.running or (in_hand and present.problem is None)):
            parts.append("ask again with this error's cursor")
            return errors.Listing("; ".join(parts), **details)
        return errors.ServiceUnavailable("; ".join(parts), **details)


def _token(stream: StreamState, number: int, began_after: int | None) -> Token:
    return Token(stream.key.cloud, stream.key.type, stream.epoch, number, began_after)


def _is_met(wanted: Token, present: ListingState, state: StreamState) -> bool:
    if wanted.number == 0:
        return state.listed_at is not None
    return present.proven >= wanted.number or _began(state.listed_at, wanted.began_after)


def _began(instant: int | None, after: int | None) -> bool:
    return instant is not None and after is not None and instant >= after


def wire_instant(instant: int | None) -> str | None:
    """An instant that may not have come yet, as the wire has it."""
    return None if instant is None else envelope.instant_to_wire(instant)
