# SPDX-License-Identifier: Apache-2.0
"""The questions of the wire contract as methods with typed answers, one call each
(several for an entity that is too big for one)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from synchronizer import errors
from synchronizer.client import answers, past
from synchronizer.client.calls import Caller
from synchronizer.client.values import (
    ChangesAnswer,
    Digests,
    HistoryPage,
    Page,
    RosterItem,
    RosterPage,
    StreamInfo,
    Version,
)
from synchronizer.model import Entity, StreamKey

#: Seconds for which the server may make get_all wait for a listing, beside its own work.
LISTING_WAIT = 35.0

#: Begins the cursor with which one waits on for a listing.
LISTING_PREFIX = "listing."


class Requests:
    """Asks through a caller. `timeout`: seconds for one call.

    Raises `errors.NobodyAnswers`, `errors.BusUnavailable`, what the server raised, and
    `errors.BadMessage` for an answer that does not have the agreed form. An older server has
    no `digests`, `roster` and `history`: `errors.ServerTooOld`.
    """

    def __init__(self, caller: Caller, timeout: float) -> None:
        self._caller = caller
        self._timeout = timeout

    def page(
        self,
        entity_type: str,
        cloud: str | None,
        *,
        cursor: str | None = None,
        max_age: float | None = None,
        limit: int | None = None,
        fields: Sequence[str] | None = None,
        where: Mapping[str, Any] | None = None,
        packed: bool = False,
    ) -> Page:
        """A page of get_all: the first, or the one that `cursor` leads to. `errors.Listing`
        when the first has to wait for longer than a call does; its `cursor` waits on.
        `packed`: its entities are left as JSON texts."""
        waits = cursor is None or cursor.startswith(LISTING_PREFIX)
        wire = self._caller.call(
            "get_all",
            deadline=self._timeout + (LISTING_WAIT if waits else 0.0),
            type=entity_type,
            cloud=cloud,
            max_age=max_age,
            limit=limit,
            cursor=cursor,
            fields=None if fields is None else list(fields),
            where=None if where is None else dict(where),
            encoding="zlib",
        )
        return answers.page(wire, packed=packed)

    def changes(
        self, entity_type: str, cloud: str | None, epoch: str | None, since: int
    ) -> ChangesAnswer:
        """The changes after revision `since`, as many as fit into one answer."""
        return answers.changes(
            self._call("changes", type=entity_type, cloud=cloud, epoch=epoch, since=since)
        )

    def version(
        self, entity_type: str, id_: str, cloud: str | None, revision: int | None = None
    ) -> Version:
        """The newest version of an entity, or exactly that one, in as many calls as it takes."""
        wire = self._call("get", type=entity_type, id=id_, cloud=cloud, revision=revision)
        if (pinned := answers.parts_of(wire)) is None:
            return answers.version(wire)
        revision, parts = pinned
        entity = answers.entity(
            "".join(
                answers.part(
                    self._call(
                        "get",
                        type=entity_type,
                        id=id_,
                        cloud=cloud,
                        revision=revision,
                        part=number,
                    ),
                    number,
                )
                for number in range(parts)
            )
        )
        return answers.version({**wire, "entity": entity})

    def entity(
        self, stream: StreamKey, id_: str, revision: int, fingerprint: bytes | None
    ) -> Entity:
        """The content of one entity at exactly that revision. `errors.EpochChanged` when it is
        not the state with that fingerprint: a restored ledger has given the number anew."""
        version = self.version(stream.type, id_, stream.cloud, revision)
        if version.fingerprint != fingerprint:
            raise errors.EpochChanged(
                f"revision {revision} of {stream} is another state now; get all again",
                epoch=version.epoch,
            )
        if version.entity is None:
            raise errors.NotFound(f"{id_} was deleted by revision {revision} of {stream}")
        return version.entity

    def digests(self, stream: StreamKey, epoch: str, revision: int, bits: int = 8) -> Digests:
        """Count and digest of each of the 2**bits buckets of what lived at that revision.
        `errors.Compacted`, `errors.EpochChanged`."""
        wire = self._call(
            "digests",
            type=stream.type,
            cloud=stream.cloud,
            epoch=epoch,
            revision=revision,
            bits=bits,
        )
        return past.digests(wire, epoch, revision, bits)

    def roster(
        self, stream: StreamKey, epoch: str, revision: int, *, bits: int = 0, bucket: int = 0
    ) -> Iterator[RosterItem]:
        """Ids and fingerprints of what lived at that revision, in one bucket or all; a page at
        a time is held. `errors.Compacted`, `errors.EpochChanged`, from any page."""
        cursor: str | None = None
        while True:
            page = self.roster_page(
                stream, epoch, revision, bits=bits, bucket=bucket, cursor=cursor
            )
            yield from page.items
            cursor = page.cursor
            if cursor is None:
                return

    def roster_page(
        self,
        stream: StreamKey,
        epoch: str,
        revision: int,
        *,
        bits: int = 0,
        bucket: int = 0,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> RosterPage:
        """A page of a roster: the first, or the one that `cursor` leads to."""
        wire = self._call(
            "roster",
            type=stream.type,
            cloud=stream.cloud,
            epoch=epoch,
            revision=revision,
            bits=bits,
            bucket=bucket,
            limit=limit,
            cursor=cursor,
        )
        return past.roster(wire, epoch, revision)

    def history(
        self,
        entity_type: str,
        id_: str,
        cloud: str | None,
        *,
        limit: int | None = None,
        before: int | None = None,
    ) -> HistoryPage:
        """Versions of an entity, the newest first, or those below revision `before`; no more
        than fit into one answer, oversized ones without entity. `errors.NotFound`."""
        wire = self._call(
            "history", type=entity_type, id=id_, cloud=cloud, limit=limit, before=before
        )
        return past.history(wire)

    def describe(self) -> tuple[StreamInfo, ...]:
        """Where every stream stands."""
        return answers.description(self._call("describe"))

    def barrier(self, entity_type: str, cloud: str | None, nonce: str) -> None:
        """Has the server send a bookmark with that nonce on the stream's topic."""
        self._call("barrier", type=entity_type, cloud=cloud, nonce=nonce)

    def _call(self, method: str, **arguments: Any) -> Any:
        return self._caller.call(method, deadline=self._timeout, **arguments)
