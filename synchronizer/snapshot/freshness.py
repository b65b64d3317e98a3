# SPDX-License-Identifier: Apache-2.0
"""How fresh a snapshot must be before get_all may answer, and the wait until it is."""

import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from synchronizer import errors
from synchronizer.bus import envelope
from synchronizer.ledger import Ledger, StreamState
from synchronizer.snapshot import arguments


class FreshListing(Protocol):
    """Brings about, or waits for, a complete listing of a stream."""

    def wait(self, stream: StreamState, began_after: int, deadline: float) -> StreamState | None:
        """The stream once a listing that began at or after an instant (microseconds) is
        recorded; None when there is none by `deadline` (of the monotonic clock)."""
        ...


class NextListing:
    """Waits for the sampling worker's own next listing."""

    def __init__(self, ledger: Ledger, poll: float = 0.05) -> None:
        self._ledger = ledger
        self._poll = poll
        # Nobody sets it: it is what a wait waits on, without a busy sleep in each thread.
        self._never = threading.Event()

    def wait(self, stream: StreamState, began_after: int, deadline: float) -> StreamState | None:
        state = stream
        while state.listed_at is None or state.listed_at < began_after:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self._never.wait(min(self._poll, left))
            state = self._ledger.state(stream.id)
        return state


class Freshness:
    """Decides whether the recorded state will do, and has the caller wait if not.

    `timeout`: seconds that a caller waits at most. `most`: how many may wait at once;
    each holds one of the server's threads, and the others must go on being answered.
    """

    def __init__(
        self,
        ledger: Ledger,
        listings: FreshListing,
        *,
        timeout: float = 30.0,
        most: int = 4,
        now: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        self._ledger = ledger
        self._listings = listings
        self._timeout = timeout
        self._places = threading.BoundedSemaphore(most)
        self._now = now

    def settle(self, stream: StreamState, max_age: Any) -> StreamState:
        """The stream's row, fresh enough; `errors.ServiceUnavailable` when it does not get so.

        Without `max_age` any complete listing will do, however old. With it, one that
        began at most so many seconds before this call; 0: after it.
        """
        began_after = 0
        if max_age is not None:
            began_after = self._now() - int(arguments.seconds("max_age", max_age) * 1_000_000)
        if stream.listed_at is not None and stream.listed_at >= began_after:
            return stream
        if not self._places.acquire(blocking=False):
            raise self._unavailable(
                stream, max_age, "too many callers wait for a listing already", retry_after=1.0
            )
        try:
            state = self._listings.wait(stream, began_after, time.monotonic() + self._timeout)
        finally:
            self._places.release()
        if state is None:
            raise self._unavailable(
                self._ledger.state(stream.id), max_age, f"none came within {self._timeout:g} s"
            )
        return state

    def _unavailable(
        self, stream: StreamState, max_age: Any, why: str, **details: Any
    ) -> errors.ServiceUnavailable:
        condition = self._ledger.condition(stream.id)
        held = self._ledger.held_count(stream.id)
        wanted = (
            "has no complete listing yet"
            if max_age is None
            else f"has no complete listing of the last {float(max_age):g} s"
        )
        parts = [f"{stream.key} {wanted}, and {why}"]
        if condition is not None:
            details["since"] = envelope.instant_to_wire(condition.since)
            parts.append(f"since {details['since']} its source fails: {condition.message}")
        if held:
            parts.append(f"{held} deletes are held")
        return errors.ServiceUnavailable(
            "; ".join(parts),
            condition=None if condition is None else condition.message,
            held=held,
            listed_at=wire_instant(stream.listed_at),
            **details,
        )


def wire_instant(instant: int | None) -> str | None:
    """An instant that may not have come yet, as the wire has it."""
    return None if instant is None else envelope.instant_to_wire(instant)
