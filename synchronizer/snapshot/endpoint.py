# SPDX-License-Identifier: Apache-2.0
"""The methods of the wire contract (version 1.1), for whoever serves calls."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

from oslo_log import log as logging

from synchronizer import errors, outgoing
from synchronizer.ledger import Ledger
from synchronizer.snapshot.barrier import Barrier, Send
from synchronizer.snapshot.changes import ChangesSince
from synchronizer.snapshot.describe import Describe, Interval, unknown
from synchronizer.snapshot.directory import Directory
from synchronizer.snapshot.freshness import Freshness, Lister, NoLister
from synchronizer.snapshot.get_all import GetAll
from synchronizer.snapshot.history import Histories
from synchronizer.snapshot.numbering import Numbering
from synchronizer.snapshot.roster import Rosters
from synchronizer.snapshot.single import GetOne
from synchronizer.snapshot.trouble import Trouble

Method = TypeVar("Method", bound=Callable[..., dict[str, Any]])


def _outward(method: Method) -> Method:
    """Keeps what only concerns the operator (paths, databases) on this side of the wire."""

    @functools.wraps(method)
    def guarded(self: "Endpoint", *args: Any, **kwargs: Any) -> dict[str, Any]:
        trouble = self._trouble
        try:
            answer: dict[str, Any] = method(self, *args, **kwargs)
        except (errors.LedgerUnavailable, errors.Refused) as error:
            trouble.failed(method.__name__, error)
            raise errors.ServiceUnavailable("the ledger does not answer; try again") from None
        except errors.BusUnavailable as error:
            trouble.failed(method.__name__, error)
            raise errors.ServiceUnavailable(
                "the server's bus does not take its notifications; try again"
            ) from None
        except errors.Stop as error:
            trouble.failed(method.__name__, error, logging.ERROR)
            raise errors.ServiceUnavailable(
                "the ledger cannot be used; the server's log says why"
            ) from None
        trouble.worked()
        return answer

    return cast(Method, guarded)


class Endpoint:
    """Every public method is callable by anybody on the bus, by several threads at once.

    Answers are JSON objects; errors are those of `synchronizer.errors` that callers can
    act upon. `page`: entities on a page unless asked otherwise. `max_bytes`: of entity
    JSON in one answer. `most_waiting`: calls that may wait for a listing at once, fewer
    than the server has threads. `lister`: lists in this process for callers who want a
    fresh listing; without one the sampling workers are asked to. `interval`: of a stream's
    complete listings, for `describe` to tell.
    """

    def __init__(
        self,
        ledger: Ledger,
        send: Send,
        *,
        host: str,
        page: int = 500,
        max_bytes: int = outgoing.MAX_BYTES,
        first_listing_timeout: float = 30.0,
        bookmark_interval: float = 10.0,
        most_waiting: int = 4,
        lister: Lister | None = None,
        interval: Interval = unknown,
    ) -> None:
        self._trouble = Trouble()
        directory = Directory(ledger)
        freshness = Freshness(
            ledger,
            lister or NoLister(),
            timeout=first_listing_timeout,
            most=most_waiting,
        )
        self._get_all = GetAll(ledger, directory, freshness, page_size=page, max_bytes=max_bytes)
        numbering = Numbering(ledger)
        self._changes = ChangesSince(
            ledger, directory, numbering, page_size=page, max_bytes=max_bytes
        )
        self._rosters = Rosters(ledger, directory, numbering, max_bytes=max_bytes)
        self._histories = Histories(ledger, directory, max_bytes=max_bytes)
        self._get = GetOne(ledger, directory, max_bytes=max_bytes)
        self._describe = Describe(ledger, host, interval)
        self._barrier = Barrier(ledger, directory, send, bookmark_interval=bookmark_interval)

    @_outward
    def get_all(
        self,
        ctxt: object,
        type: str,  # noqa: A002 - the wire contract's names
        cloud: str | None = None,
        max_age: float | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        fields: list[str] | None = None,
        where: dict[str, Any] | None = None,
        encoding: str | None = None,
    ) -> dict[str, Any]:
        """A page of the latest snapshot; the last one has no cursor."""
        return self._get_all.answer(type, cloud, max_age, limit, cursor, fields, where, encoding)

    @_outward
    def changes(
        self,
        ctxt: object,
        type: str,  # noqa: A002
        cloud: str | None = None,
        epoch: str | None = None,
        since: int = 0,
        limit: int | None = None,
    ) -> dict[str, Any]:
        """The changes that follow a revision."""
        return self._changes.answer(type, cloud, epoch, since, limit)

    @_outward
    def get(
        self,
        ctxt: object,
        type: str,  # noqa: A002
        id: str,  # noqa: A002
        cloud: str | None = None,
        revision: int | None = None,
        part: int | None = None,
    ) -> dict[str, Any]:
        """One entity, its newest version or exactly one."""
        return self._get.answer(type, id, cloud, revision, part)

    @_outward
    def digests(
        self,
        ctxt: object,
        type: str,  # noqa: A002
        cloud: str | None = None,
        epoch: str | None = None,
        revision: int | None = None,
        bits: int | None = None,
    ) -> dict[str, Any]:
        """Digests of what lived at a revision, by bucket of ids."""
        return self._rosters.digests(type, cloud, epoch, revision, bits)

    @_outward
    def roster(
        self,
        ctxt: object,
        type: str,  # noqa: A002
        cloud: str | None = None,
        epoch: str | None = None,
        revision: int | None = None,
        bits: int | None = None,
        bucket: int | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> dict[str, Any]:
        """A page of the ids and fingerprints of what lived at a revision."""
        return self._rosters.roster(type, cloud, epoch, revision, bits, bucket, limit, cursor)

    @_outward
    def history(
        self,
        ctxt: object,
        type: str,  # noqa: A002
        id: str,  # noqa: A002
        cloud: str | None = None,
        limit: int | None = None,
        before: int | None = None,
    ) -> dict[str, Any]:
        """The versions of one entity, newest first."""
        return self._histories.answer(type, id, cloud, limit, before)

    @_outward
    def describe(self, ctxt: object) -> dict[str, Any]:
        """Every stream of every cloud, and its condition."""
        return self._describe.answer()

    @_outward
    def barrier(
        self,
        ctxt: object,
        type: str,  # noqa: A002
        cloud: str | None = None,
        nonce: str | None = None,
    ) -> dict[str, Any]:
        """Have a bookmark with this nonce sent on the stream's topic."""
        return self._barrier.answer(type, cloud, nonce)
