# SPDX-License-Identifier: Apache-2.0
"""Whose turn it is to list a stream: a lease, for all processes of all hosts.

Each listing has a number, given when it begins, before its first request. Who needs one
that begins after this moment reads the last number and waits until a higher one is
proven: no clock takes part. At most one listing of a stream runs; it is whoever holds the
lease, renews it, and has not lost the stream to another worker's claim since (`fence`).
The holder who is killed loses it when it expires.

Expiry and back-off are told by the database's clock, the one that all hosts share. If it
is set back, a lease and a pause hold no longer than they were given for, once more; if it
is set forward, two listings may run for an instant, which costs requests and nothing else:
what may be recorded is decided by the commit, not by the lease.
"""

from collections.abc import Callable

from sqlalchemy import ColumnElement, Connection, and_, case, func, select, update

from synchronizer import errors
from synchronizer.ledger.engine import Database
from synchronizer.ledger.instant import database_now
from synchronizer.ledger.schema import listing, stream
from synchronizer.ledger.values import ListingState

#: Seconds; what is said to last longer was written by a clock that has been set back since.
LONGEST_LEASE = 120.0
LONGEST_PAUSE = 3600.0

_SECOND = 1_000_000


class Listings:
    """The listings of all streams. Each method is one transaction.

    Durations are seconds, `began_at` and `since` microseconds of the callers' clocks.
    Raises what every method of the ledger may raise.
    """

    def __init__(self, database: Database, now: Callable[[Connection], int] = database_now) -> None:
        self._database = database
        self._now = now

    def state(self, stream_id: int) -> ListingState:
        """Where the listings of a stream stand."""
        with self._database.read() as connection:
            return self._load(connection, stream_id)[0]

    def begin(
        self,
        stream_id: int,
        fence: int,
        holder: str,
        began_at: int,
        seconds: float,
        *,
        after: int | None = None,
    ) -> int | None:
        """The number of the listing that the holder begins now; None if it is not its turn.

        It is nobody's turn while another listing runs, or a pause after a failure lasts; nor
        the caller's, if a listing began after that number, the last one that the caller saw.
        `holder` names one attempt of one process. `errors.Fenced` when the stream was
        claimed since the caller read it.
        """
        with self._database.write() as connection:
            present, now, fences = self._load(connection, stream_id)
            if fences != fence:
                raise errors.Fenced("another process has taken over the stream since it was read")
            if present.running or present.pause > 0:
                return None
            if after is not None and present.begun != after:
                return None
            result = connection.execute(
                update(listing)
                .where(self._unchanged(present, stream_id))
                .values(
                    begun=present.begun + 1,
                    holder=holder,
                    fence=fence,
                    began_at=began_at,
                    expires=now + int(min(seconds, LONGEST_LEASE) * _SECOND),
                )
            )
            return present.begun + 1 if result.rowcount == 1 else None

    def renew(self, stream_id: int, number: int, holder: str, seconds: float) -> bool:
        """Holds the lease for so many seconds from now; False when it is the holder's no more."""
        with self._database.write() as connection:
            present, now, _ = self._load(connection, stream_id)
            if not present.running:
                return False
            result = connection.execute(
                update(listing)
                .where(self._held(stream_id, number, holder))
                .values(expires=now + int(min(seconds, LONGEST_LEASE) * _SECOND))
            )
            return result.rowcount == 1

    def proven(self, stream_id: int, number: int, holder: str) -> None:
        """The listing was complete, and its proof is recorded; ends it."""
        with self._database.write() as connection:
            connection.execute(
                update(listing)
                .where(
                    listing.c.stream == stream_id,
                    listing.c.proven < number,
                    listing.c.begun >= number,  # a restored backup gives this number anew
                )
                .values(proven=number, failures=0, not_before=0, since=None, problem=None)
            )
            self._release(connection, stream_id, number, holder)

    def failed(
        self,
        stream_id: int,
        number: int,
        holder: str,
        *,
        problem: str | None,
        since: int,
        pause: float,
        counts: bool = True,
    ) -> None:
        """The listing proved nothing, and why; ends it. The next may begin after the pause.

        No `problem`: the next will most likely prove what this one could not yet. `counts`:
        as one more failure in a row.
        """
        first = case((listing.c.since.is_(None), since), else_=listing.c.since)
        with self._database.write() as connection:
            now = self._now(connection)
            connection.execute(
                update(listing)
                .where(self._held(stream_id, number, holder))
                .values(
                    failures=listing.c.failures + 1 if counts else 0,
                    not_before=now + int(min(max(pause, 0.0), LONGEST_PAUSE) * _SECOND),
                    since=None if problem is None else first,
                    problem=problem,
                )
            )
            self._release(connection, stream_id, number, holder)

    def release(self, stream_id: int, number: int, holder: str) -> None:
        """The listing was given up; ends it, and tells nothing of the source."""
        with self._database.write() as connection:
            self._release(connection, stream_id, number, holder)

    def want(self, stream_id: int, number: int) -> None:
        """Asks the sampling worker for a listing of at least this number."""
        with self._database.write() as connection:
            connection.execute(
                update(listing)
                .where(
                    listing.c.stream == stream_id,
                    listing.c.wanted < number,
                    listing.c.begun >= number - 1,
                )
                .values(wanted=number)
            )

    def _load(self, connection: Connection, stream_id: int) -> tuple[ListingState, int, int]:
        """The row, the database's time, and the stream's fence."""
        row = connection.execute(
            select(listing, stream.c.fence.label("present_fence"))
            .join_from(listing, stream, listing.c.stream == stream.c.id)
            .where(listing.c.stream == stream_id)
        ).one_or_none()
        if row is None:
            raise errors.NotFound(f"there is no stream {stream_id}")
        now = self._now(connection)
        running = (
            row.holder is not None
            and row.fence == row.present_fence
            and _ahead(row.expires, now, LONGEST_LEASE) > 0
        )
        state = ListingState(
            begun=row.begun,
            proven=row.proven,
            wanted=row.wanted,
            running=running,
            began_at=row.began_at if running else None,
            expires=row.expires,
            failures=row.failures,
            pause=_ahead(row.not_before, now, LONGEST_PAUSE),
            since=row.since,
            problem=row.problem,
        )
        return state, now, row.present_fence

    @staticmethod
    def _unchanged(state: ListingState, stream_id: int) -> ColumnElement[bool]:
        """Nobody began or renewed a listing since the state was read."""
        return and_(
            listing.c.stream == stream_id,
            listing.c.begun == state.begun,
            listing.c.expires == state.expires,
        )

    @staticmethod
    def _held(stream_id: int, number: int, holder: str) -> ColumnElement[bool]:
        return and_(
            listing.c.stream == stream_id,
            listing.c.begun == number,
            func.coalesce(listing.c.holder, "") == holder,
        )

    def _release(self, connection: Connection, stream_id: int, number: int, holder: str) -> None:
        connection.execute(
            update(listing)
            .where(self._held(stream_id, number, holder))
            .values(holder=None, began_at=None, expires=0)
        )


def _ahead(instant: int, now: int, longest: float) -> float:
    """Seconds until an instant; 0 when it is past, or further away than it can be."""
    left = (instant - now) / _SECOND
    return left if 0 < left <= longest else 0.0
