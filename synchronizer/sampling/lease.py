# SPDX-License-Identifier: Apache-2.0
"""A listing that runs only when it is this process's turn: at most one of a stream runs.

The lease is in the ledger, so all processes of all hosts share it, and with it the pause
after a listing that failed or proved nothing.
"""

import random
import threading
import uuid
from collections.abc import Callable
from typing import Self

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.ledger import Listings
from synchronizer.sampling.backoff import Backoff
from synchronizer.sampling.listing import Listed, Listing
from synchronizer.sampling.pace import Stopped
from synchronizer.sampling.settings import TypeSettings
from synchronizer.sampling.stream import StreamSampler

LOG = logging.getLogger(__name__)

#: Seconds after which the lease of a process that was killed ends.
LEASE = 20.0

#: How often a lease is renewed within its time.
_RENEWALS = 4

#: Seconds between two looks whether it is one's turn.
TURN_POLL = 0.25

#: Seconds for a renewal that is under way when the listing ends.
_ENDING = 5.0


class LeasedListing:
    """Lists one stream when it is its turn. One caller at a time."""

    def __init__(
        self,
        sampler: StreamSampler,
        listing: Listing,
        settings: TypeSettings,
        *,
        uniform: Callable[[float, float], float] = random.uniform,
        seconds: float = LEASE,
    ) -> None:
        self._sampler = sampler
        self._listing = listing
        self._backoff = Backoff(settings.backoff_first, settings.backoff_most, uniform)
        self._gap = min(settings.early_gap, settings.interval)
        self._seconds = seconds

    def run(self, stop: threading.Event) -> Listed:
        """One listing, as soon as it is its turn. Raises what stops it; `Stopped`."""
        while (listed := self.attempt()) is None:
            if self._sampler.clock.wait(stop, TURN_POLL):
                raise Stopped
        return listed

    def attempt(self, wanted: int | None = None) -> Listed | None:
        """One listing now, or None when another runs or the pause after one lasts.

        `wanted`: the number from which on a listing serves the caller; None also when such a
        one is proven already. Raises what stops it, after it was told in the ledger.
        """
        sampler = self._sampler
        listings, known = sampler.ledger.listings, sampler.baseline.known
        present = listings.state(known.id)
        if present.running or present.pause:
            return None
        if wanted is not None and present.proven >= wanted:
            return None
        lease = _Lease(listings, known.id, self._seconds)
        if not lease.take(known.fence, sampler.clock.now(), present.begun):
            return None
        with lease:
            try:
                listed = self._listing.run(lease.check)
            except (Stopped, errors.Fenced):
                raise
            except Exception as error:
                pause = self._backoff.pause(error, present.failures)
                lease.fail(told(error), pause, sampler.clock.now())
                raise
            if listed.proven:
                lease.prove()
            else:
                lease.fail(_unproven(listed), self._gap, sampler.clock.now(), counts=False)
            return listed


class _Lease:
    """One turn: renewed in a thread while inside, given back at the end."""

    def __init__(self, listings: Listings, stream_id: int, seconds: float) -> None:
        self._listings = listings
        self._stream = stream_id
        self._seconds = seconds
        self._holder = uuid.uuid4().hex
        self._number = 0
        self._ended = threading.Event()
        self._lost = False
        self._thread = threading.Thread(target=self._renew, name="listing lease", daemon=True)

    def take(self, fence: int, began_at: int, after: int) -> bool:
        """Whether it is ours from now on, and no listing began after that one."""
        number = self._listings.begin(
            self._stream, fence, self._holder, began_at, self._seconds, after=after
        )
        self._number = number or 0
        return number is not None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(_ENDING)
        self._tell(lambda: self._listings.release(self._stream, self._number, self._holder))

    def check(self) -> None:
        """`errors.Refused` when the lease was lost: another may be listing by now."""
        if self._lost:
            raise errors.Refused("the turn to list was lost to another process; begin again")

    def prove(self) -> None:
        """The listing was complete and is recorded as such."""
        self._tell(lambda: self._listings.proven(self._stream, self._number, self._holder))

    def fail(self, problem: str | None, pause: float, since: int, *, counts: bool = True) -> None:
        """The listing proved nothing; nobody begins the next before the pause is over."""
        self._tell(
            lambda: self._listings.failed(
                self._stream,
                self._number,
                self._holder,
                problem=problem,
                since=since,
                pause=pause,
                counts=counts,
            )
        )

    def _tell(self, act: Callable[[], None]) -> None:
        try:
            act()
        except errors.SynchronizerError as error:
            # The lease ends by itself, and who waited for this listing waits for the next.
            LOG.warning("The end of a listing could not be recorded: %s", error)

    def _renew(self) -> None:
        while not self._ended.wait(self._seconds / _RENEWALS):
            try:
                ours = self._listings.renew(self._stream, self._number, self._holder, self._seconds)
            except errors.SynchronizerError as error:
                LOG.debug("A lease could not be renewed: %s", error)
            else:
                if not ours:
                    self._lost = True
                    return


def told(error: BaseException) -> str:
    """A failure in words that everybody may read."""
    if isinstance(error, errors.LedgerUnavailable | errors.Refused):
        return f"the ledger: {error}"
    if isinstance(error, errors.SynchronizerError):
        return str(error)
    return f"the plugin failed with {type(error).__name__}; see the log"


def _unproven(listed: Listed) -> str | None:
    """Why a listing proved nothing; None when the next one is expected to."""
    if listed.problems:
        return "; ".join(listed.problems)
    return None if listed.soon or listed.later else f"{listed.held} deletes are held"
