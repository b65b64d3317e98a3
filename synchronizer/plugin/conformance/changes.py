# SPDX-License-Identifier: Apache-2.0
"""Changes since an instant."""

import math
import time

import pytest

from synchronizer import errors
from synchronizer.plugin.base import GetsChanges
from synchronizer.plugin.conformance.failing import NotConforming
from synchronizer.plugin.conformance.forms import check_items, check_page
from synchronizer.plugin.conformance.subject import Subject, differing

_DAY = 86_400 * 1_000_000


class ChangesChecks:
    """Of `GetsChanges.get_changes`."""

    def test_changes_come_as_pages(self, subject: Subject) -> None:
        """Of the right form, with whole entities, and an end."""
        for type_ in subject.types_with_changes():
            since = subject.since(type_)
            where = subject.where("get_changes", type_)
            pages = subject.changes(type_, since).pages
            for number, page in enumerate(pages, 1):
                check_page(page, f"{where}, page {number}")
                check_items(page, type_, f"{where}, page {number}")
            if [page.last for page in pages] != [False] * (len(pages) - 1) + [True]:
                raise NotConforming(
                    "not the last page, and it alone, is marked so",
                    where=where,
                    mend="yield Page(..., last=True) at the end, also when nothing changed: without"
                    " it the next poll asks from the same instant again",
                )

    def test_the_overlap_is_a_number_of_seconds(self, subject: Subject) -> None:
        """`changes_overlap`: not negative, in seconds."""
        plugin = subject.plugin
        if not isinstance(plugin, GetsChanges):
            pytest.skip(f"{subject.name} does not declare GetsChanges")
        overlap: object = plugin.changes_overlap
        if (
            isinstance(overlap, bool)
            or not isinstance(overlap, int | float)
            or not math.isfinite(overlap)
            or overlap < 0
        ):
            raise NotConforming(
                f"it is {overlap!r}",
                where=f"{subject.name}.changes_overlap",
                mend="say how many seconds the clocks of the service's hosts may differ",
            )

    def test_any_instant_can_be_asked_for(self, subject: Subject) -> None:
        """Long ago, and soon: an answer, or an error of the SDK."""
        for type_ in subject.types_with_changes():
            for since in (0, time.time_ns() // 1000 + _DAY):
                try:
                    subject.changes(type_, since)
                except errors.SynchronizerError:
                    continue

    def test_changes_look_as_in_a_listing(self, subject: Subject) -> None:
        """While the source is quiet, what both show is the same."""
        for type_ in subject.types_with_changes():
            try:
                changed = subject.changes(type_, 0).entities
            except errors.SynchronizerError:
                changed = subject.changes(type_, subject.since(type_)).entities
            listed = subject.listed(type_).entities
            where = subject.where("get_changes", type_)
            unknown = sorted(changed.keys() - listed.keys())
            if unknown:
                raise NotConforming(
                    f"it shows {unknown[0]!r} as an entity, which is not in the listing",
                    where=where,
                    mend="hand over the ids of deleted entities as Page.deleted; list here and"
                    " there under the same conditions (all projects, all states)",
                )
            fields = sorted({f for i in changed for f in differing(changed[i], listed[i], type_)})
            if fields:
                raise NotConforming(
                    f"entities differ from the listing in {', '.join(fields)}",
                    where=where,
                    mend="ask for both at the same level of detail: else each look is a change",
                )
