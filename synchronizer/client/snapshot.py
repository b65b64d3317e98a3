# SPDX-License-Identifier: Apache-2.0
"""One snapshot, read page by page."""

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from synchronizer import errors, fingerprint
from synchronizer.client.ahead import Ahead
from synchronizer.client.requests import Requests
from synchronizer.client.values import Item, Page
from synchronizer.client.waiting import Waiting, first_page, silently
from synchronizer.model import Entity, StreamKey


class Snapshot:
    """The entities of one type at one revision. Iterating reads them, once; a page at a
    time is held.

    `info` says what it is of and how fresh. A whole snapshot is verified against the
    server's count and digest when its end is reached (`errors.BadMessage`). A page can
    also fail with `errors.Compacted`, `errors.EpochChanged` or `errors.BadCursor`: then
    begin again, with a new snapshot.

    `timeout`: seconds to wait for a listing that is fresh enough, in as many calls as that
    takes; then `errors.Listing`. `waiting`: see `waiting.Waiting`. `packed`: items have their
    entity as JSON text (but for oversized ones); not to be iterated over for entities.
    """

    def __init__(
        self,
        requests: Requests,
        entity_type: str,
        cloud: str | None,
        *,
        max_age: float | None = None,
        limit: int | None = None,
        fields: Sequence[str] | None = None,
        where: Mapping[str, Any] | None = None,
        timeout: float = 0.0,
        waiting: Waiting = silently,
        packed: bool = False,
    ) -> None:
        self._requests = requests
        self._packed = packed
        self._limit = limit
        self._fields = fields
        self._where = where

        def ask(cursor: str | None) -> Page:
            return requests.page(
                entity_type,
                cloud,
                cursor=cursor,
                max_age=max_age,
                limit=limit,
                fields=fields,
                where=where,
                packed=packed,
            )

        self._page = first_page(ask, timeout, waiting)
        self.info = self._page.info

    @property
    def stream(self) -> StreamKey:
        return StreamKey(self.info.cloud, self.info.type)

    def pages(self) -> Iterator[Iterator[Item]]:
        """The items page by page (a page may be empty), oversized ones complete; not verified.

        While a page is used, the one after it is already on its way.
        """
        page = self._page
        while page.cursor is not None:
            following = Ahead("next page", functools.partial(self._after, page.cursor))
            yield self._complete(page)
            page = following.result()
        yield self._complete(page)

    def _after(self, cursor: str) -> Page:
        """The page that a cursor leads to."""
        stream = self.stream
        page = self._requests.page(
            stream.type,
            stream.cloud,
            cursor=cursor,
            limit=self._limit,
            fields=self._fields,
            where=self._where,
            packed=self._packed,
        )
        if (page.info.epoch, page.info.revision) != (self.info.epoch, self.info.revision):
            raise errors.BadMessage(
                f"a page of {stream} is of revision {page.info.revision} of epoch "
                f"{page.info.epoch}, not {self.info.revision} of {self.info.epoch}"
            )
        return page

    def _complete(self, page: Page) -> Iterator[Item]:
        for item in page.items:
            there = item.entity is not None or item.text is not None
            yield item if there else self._whole(self.stream, item)

    def _whole(self, stream: StreamKey, item: Item) -> Item:
        """The item with its entity, which was too big for its page."""
        entity = self._requests.entity(stream, item.id, item.revision, item.fingerprint)
        if self._fields is not None:
            entity = {name: entity[name] for name in self._fields if name in entity}
        return msgspec.structs.replace(item, entity=entity)

    def items(self) -> Iterator[Item]:
        """The entities with their ids, revisions and fingerprints."""
        count = digest = 0
        for page in self.pages():
            for item in page:
                count += 1
                digest += fingerprint.digest_of(item.id, item.fingerprint)
                yield item
        if self._fields or self._where:
            return
        if (count, digest % fingerprint.DIGEST_MODULUS) != (self.info.count, self.info.digest):
            raise errors.BadMessage(
                f"the snapshot of {self.stream} at revision {self.info.revision} does not add up: "
                f"{count} of {self.info.count} entities, or another digest; get it again"
            )

    def __iter__(self) -> Iterator[Entity]:
        for item in self.items():
            if item.entity is not None:
                yield item.entity
