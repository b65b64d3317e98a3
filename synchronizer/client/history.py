# SPDX-License-Identifier: Apache-2.0
"""The versions of one entity, read as they are asked for."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from synchronizer import errors
from synchronizer.client.requests import Requests
from synchronizer.client.values import HistoryPage, PastVersion
from synchronizer.model import Entity, StreamKey

#: Versions that a server gives at once.
MOST = 1000


class History:
    """The versions of an entity that the ledger still has, the newest first. Iterating reads
    them; two and a page at a time are held.

    `floor`: what was superseded up to this revision of the stream may be forgotten. `limit`:
    versions at most; None: all. `errors.NotFound` when there is none, from making it.
    """

    def __init__(
        self,
        requests: Requests,
        entity_type: str,
        id_: str,
        cloud: str | None,
        *,
        limit: int | None = None,
    ) -> None:
        if limit is not None and limit < 1:
            raise errors.BadRequest("limit must be at least 1")
        self._requests = requests
        self._id = id_
        self._limit = limit
        self._first = requests.history(entity_type, id_, cloud, limit=self._page(limit))
        self.stream = StreamKey(self._first.cloud, self._first.type)
        self.floor = self._first.floor

    def __iter__(self) -> Iterator[PastVersion]:
        left = self._limit
        newer: PastVersion | None = None
        for version in self._versions():
            if newer is not None:
                yield _told(newer, version)
                if left is not None and (left := left - 1) == 0:
                    return
            newer = version
        if newer is not None:
            yield _told(newer, None)

    def _versions(self) -> Iterator[PastVersion]:
        """All of them, with their entities; not further than somebody asks."""
        page: HistoryPage = self._first
        while True:
            for version in page.versions:
                yield self._whole(version)
            if page.before is None:
                return
            page = self._requests.history(
                self.stream.type,
                self._id,
                self.stream.cloud,
                limit=self._page(self._limit),
                before=page.before,
            )

    def _whole(self, version: PastVersion) -> PastVersion:
        if not version.oversized:
            return version
        entity = self._requests.entity(
            self.stream, version.id, version.revision, version.fingerprint
        )
        return dataclasses.replace(version, entity=entity)

    @staticmethod
    def _page(limit: int | None) -> int | None:
        """One more than is wanted, to tell the oldest from what was before it."""
        return None if limit is None else min(limit + 1, MOST)


def _told(version: PastVersion, before: PastVersion | None) -> PastVersion:
    """The version with what it changed of the one before it, which may be gone."""
    return dataclasses.replace(version, differences=_differences(version, before))


def _differences(
    version: PastVersion, before: PastVersion | None
) -> Mapping[str, tuple[Any, Any]] | None:
    if version.op != "update":
        return {}
    if before is None:
        return None
    old: Entity = before.entity or {}
    new: Entity = version.entity or {}
    # What is kept of an old version may lack a field that has become secret since.
    there = [name for name in version.changed if name in old or name in new]
    return {name: (old.get(name), new.get(name)) for name in there}
