# SPDX-License-Identifier: Apache-2.0
"""Complete listings: their pages, their items, their end."""

import gc
import pathlib
import threading

from synchronizer.plugin.conformance.failing import NotConforming
from synchronizer.plugin.conformance.forms import check_items, check_page
from synchronizer.plugin.conformance.subject import Subject, differing

#: Listings that are given up, to see whether something is left open each time.
_GIVEN_UP = 20


class ListingChecks:
    """Of `get_all`."""

    def test_a_listing_can_be_read(self, subject: Subject) -> None:
        """To its end, in time, as Pages, with no error but those of the SDK."""
        for type_ in subject.types:
            subject.listing(type_)

    def test_there_is_something_to_list(self, subject: Subject) -> None:
        """The checks need entities to look at."""
        for type_ in subject.types:
            if not subject.listed(type_).entities:
                raise NotConforming(
                    "the listing shows no entity that has an id",
                    where=subject.where("get_all", type_),
                    mend=f"give the source under test entities, each with {type_.id_field!r}",
                )

    def test_the_last_page_says_that_it_is_the_last(self, subject: Subject) -> None:
        """One `last=True`, on the last page."""
        for type_ in subject.types:
            lasts = [page.last for page in subject.listed(type_).pages]
            where = subject.where("get_all", type_)
            if not any(lasts):
                raise NotConforming(
                    "no page says that it is the last, so no listing is ever complete",
                    where=where,
                    mend="yield Page(..., last=True) when the service itself says that the listing"
                    " ends",
                )
            if lasts.index(True) != len(lasts) - 1:
                raise NotConforming(
                    f"page {lasts.index(True) + 1} of {len(lasts)} says that it is the last",
                    where=where,
                    mend="mark the last page alone: the sampler reads no further, and takes what"
                    " comes after it for absent",
                )

    def test_its_pages_have_the_right_form(self, subject: Subject) -> None:
        """Every field of every Page is of its type."""
        for type_ in subject.types:
            for number, page in enumerate(subject.listed(type_).pages, 1):
                check_page(page, f"{subject.where('get_all', type_)}, page {number}")

    def test_its_items_are_objects_with_an_id(self, subject: Subject) -> None:
        """JSON objects, each with a text that is not empty in its id_field."""
        for type_ in subject.types:
            for number, page in enumerate(subject.listed(type_).pages, 1):
                check_items(page, type_, f"{subject.where('get_all', type_)}, page {number}")

    def test_no_entity_is_listed_twice(self, subject: Subject) -> None:
        """While the source is quiet."""
        for type_ in subject.types:
            ids = subject.listed(type_).ids
            repeated = sorted({id_ for id_ in ids if ids.count(id_) > 1})
            if repeated:
                raise NotConforming(
                    f"{len(repeated)} ids are listed more than once, such as {repeated[0]!r}",
                    where=subject.where("get_all", type_),
                    mend="page by a marker and not by an offset; if different entities share an"
                    " id, take another id_field",
                )

    def test_a_healthy_source_has_no_problems(self, subject: Subject) -> None:
        """Nothing keeps the listing from being complete."""
        for type_ in subject.types:
            for number, page in enumerate(subject.listed(type_).pages, 1):
                if page.problems or page.unclear:
                    said = ", ".join(page.problems) or f"{len(page.unclear)} unclear entities"
                    raise NotConforming(
                        f"the listing is not complete: {said}",
                        where=f"{subject.where('get_all', type_)}, page {number}",
                        mend="report problems and unclear ids only where there are some, or give"
                        " the checks a source that is whole",
                    )

    def test_what_did_not_change_looks_the_same_again(self, subject: Subject) -> None:
        """Two listings of a quiet source differ in volatile fields alone."""
        for type_ in subject.types:
            first = subject.listed(type_).entities
            second = subject.listed(type_).entities
            where = subject.where("get_all", type_)
            if first.keys() != second.keys():
                raise NotConforming(
                    f"{len(first.keys() ^ second.keys())} entities are in one of two listings only",
                    where=where,
                    mend="list everything each time, under ids that stay",
                )
            fields = sorted({f for i in first for f in differing(first[i], second[i], type_)})
            if fields:
                raise NotConforming(
                    f"with nobody touching anything there are changes in {', '.join(fields)}",
                    where=where,
                    mend="declare fields that move by themselves as EntityType.volatile",
                )

    def test_a_listing_can_be_given_up(self, subject: Subject) -> None:
        """After its first page: the next one is whole, and nothing stays open."""
        for type_ in subject.types:
            whole = subject.listed(type_).entities.keys()
            before = _open()
            for _ in range(_GIVEN_UP):
                with subject.walk(type_) as walk:
                    walk.step()
            where = f"{subject.where('get_all', type_)}, given up after its first page"
            left = _open() - before
            if left > _GIVEN_UP // 2:
                gc.collect()  # slow, and seldom of use
                left = _open() - before
            if left > _GIVEN_UP // 2:
                raise NotConforming(
                    f"{_GIVEN_UP} such listings left {left} files, sockets or threads open",
                    where=where,
                    mend="hold them in a `with` around the yield, or close them in a `finally`",
                )
            if subject.listed(type_).entities.keys() != whole:
                raise NotConforming(
                    "the next listing is another one",
                    where=where,
                    mend="keep a listing's state in local variables, not in the plugin",
                )


def _open() -> int:
    """File descriptors, where the system tells them, and threads."""
    descriptors = pathlib.Path("/proc/self/fd")
    files = len(list(descriptors.iterdir())) if descriptors.exists() else 0
    return files + threading.active_count()
