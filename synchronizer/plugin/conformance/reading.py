# SPDX-License-Identifier: Apache-2.0
"""Reads a plugin's pages to their end, as the sampler would, and keeps what they held."""

import dataclasses
from collections.abc import Callable, Iterator

import msgspec

from synchronizer import errors, fingerprint
from synchronizer.model import Entity, EntityType
from synchronizer.plugin.conformance.failing import Caller, NotConforming
from synchronizer.plugin.page import Page

#: pytest shows the check that failed, and not these lines below it.
__tracebackhide__ = True

#: A listing that has not ended then never will.
MOST_PAGES = 10_000


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """All pages of a listing or of a changes query.

    `ids`: of every item that has one, in order; `entities`: the whole ones by id, where
    the later wins. What cannot be read is left out, as the sampler leaves it out.
    """

    pages: tuple[Page, ...]
    ids: tuple[str, ...]
    entities: dict[str, Entity]

    @property
    def deleted(self) -> frozenset[str]:
        return frozenset(id_ for page in self.pages for id_ in (*page.deleted, *page.destroyed))


def read(
    where: str, type_: EntityType, begin: Callable[[], Iterator[Page]], seconds: float
) -> Reading:
    """Walks the pages; each may take so many seconds. `NotConforming` where that cannot be done."""
    pages: list[Page] = []
    seen: set[tuple[bytes, ...]] = set()
    with Walk(where, begin, seconds) as walk:
        for page in walk:
            pages.append(page)
            items = tuple(bytes(item) for item in page.items if isinstance(item, RAW))
            if (items and items in seen) or len(pages) > MOST_PAGES:
                raise NotConforming(
                    f"page {len(pages)} is one that was given before"
                    if items in seen
                    else f"it has not ended after {MOST_PAGES} pages",
                    where=where,
                    mend="follow the service's links; raise ListingBroken when they loop",
                )
            seen.add(items)
    ids: list[str] = []
    entities: dict[str, Entity] = {}
    for page in pages:
        for item in page.items:
            entity = decoded(item)
            id_ = None if entity is None else entity.get(type_.id_field)
            if entity is not None and isinstance(id_, str):
                ids.append(id_)
                entities[id_] = entity
    return Reading(tuple(pages), tuple(ids), entities)


#: What an item may be.
RAW = (bytes, msgspec.Raw)


def decoded(item: object) -> Entity | None:
    """The entity in an item, None if there is none."""
    if not isinstance(item, RAW):
        return None
    try:
        return fingerprint.decode(item)
    except errors.BadItem:
        return None


class Walk:
    """One walk through pages, in one thread; given up at the end of the `with`."""

    def __init__(self, where: str, begin: Callable[[], Iterator[Page]], seconds: float) -> None:
        self._where = where
        self._begin = begin
        self._seconds = seconds
        self._caller = Caller(where)
        self._pages: Iterator[Page] = iter(())

    def __iter__(self) -> Iterator[Page]:
        while (page := self.step()) is not None:
            yield page

    def step(self) -> Page | None:
        """The next page; None at the end."""
        page = self._caller.call(self._seconds, lambda: next(self._pages, None))
        if page is not None and not isinstance(page, Page):
            raise NotConforming(
                f"it gives a {type(page).__name__}, and not a Page",
                where=self._where,
                mend="yield synchronizer.plugin.Page(items=[...], last=...)",
            )
        return page

    def __enter__(self) -> "Walk":
        self._caller.__enter__()
        try:
            pages = self._caller.call(self._seconds, self._begin)
            if not isinstance(pages, Iterator):
                raise NotConforming(
                    f"it gives a {type(pages).__name__}, and not an iterator of pages",
                    where=self._where,
                    mend="yield each page when it is asked for: the sampler notes what it knew"
                    " when each page was requested",
                )
        except BaseException:
            self._caller.__exit__()
            raise
        self._pages = pages
        return self

    def __exit__(self, *_: object) -> None:
        close = getattr(self._pages, "close", None)
        try:
            if close is not None:
                self._caller.call(self._seconds, close)
        finally:
            self._caller.__exit__()
