# SPDX-License-Identifier: Apache-2.0
"""How many requests a listing takes, and a poll of changes: what a plan reckons with."""

import math

from synchronizer.plugin.openstack.kinds import Kind


def of_listing(kind: Kind, count: int, size: int) -> int:
    """Of so many entities; `size`: of pages, as configured (0: as the kind has it)."""
    # How the entities are spread over the parts nobody knows: each has a last page.
    return _pages(kind, count, size) + (len(kind.parts) - 1) + _doubts(kind)


def of_changes(kind: Kind) -> int:
    """Of a poll that finds nothing, or no more than a page."""
    queries = sum(ask is not None for ask in (kind.changes, kind.created))
    return queries * len(kind.parts)


def _pages(kind: Kind, count: int, size: int) -> int:
    paging = kind.paging
    if not paging.size:
        return 1
    # A service gives no more than its own most, whatever it is asked for.
    limit = min(size or paging.size, paging.size)
    if paging.overlaps:
        return 1 + math.ceil(max(0, count - 1) / (max(limit, 2) - 1))
    if paging.empty_end:
        return math.ceil(count / limit) + 1
    # A full page is not known to be the last.
    return count // limit + 1


def _doubts(kind: Kind) -> int:
    return 0 if kind.doubt is None else len(kind.parts) * kind.doubt_requests
