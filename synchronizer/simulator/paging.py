# SPDX-License-Identifier: Apache-2.0
"""Takes one page of servers out of the world, whole or spoilt by faults."""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from typing import NamedTuple
from urllib.parse import urlencode

from synchronizer.simulator.faults import Fault
from synchronizer.simulator.nova_errors import NovaError
from synchronizer.simulator.nova_query import DEFAULT_SORT, SORT_KEYS, ListQuery
from synchronizer.simulator.world import MICROSECONDS, Server, UnknownServerError, World

_REMEMBERED_PAGES = 20_000
_REMEMBERED_TAIL = 100

PageKey = tuple[str, str]


@dataclass(frozen=True)
class Page:
    """`unknown` are the servers of a down cell that are shown in part, before the others.

    `next_marker` is None without a next link.
    """

    servers: list[Server]
    unknown: list[Server] = field(default_factory=list)
    next_marker: str | None = None


class Known(NamedTuple):
    """What is known of a page before it is asked for: its number and what came before it."""

    number: int
    tail: tuple[int, ...]


class PageTracker:
    """Numbers the pages of listings by the markers that earlier pages ended with."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[PageKey, Known] = OrderedDict()

    def find(self, listing: str, marker: str | None) -> Known:
        """Return what is known of the page behind a marker; one never given out counts as 0."""
        if marker is None:
            return Known(0, ())
        with self._lock:
            return self._known.get((listing, marker), Known(0, ()))

    def ended(self, listing: str, number: int, servers: Sequence[Server]) -> None:
        """Remember the page that began a listing's next one."""
        if not servers:
            return
        tail = tuple(server.facts.birth for server in servers[-_REMEMBERED_TAIL:])
        key = (listing, servers[-1].facts.id.decode())
        with self._lock:
            self._known[key] = Known(number + 1, tail)
            self._known.move_to_end(key)
            while len(self._known) > _REMEMBERED_PAGES:
                self._known.popitem(last=False)


def listing_key(path: str, query: Iterable[tuple[str, str]]) -> str:
    """Return what the pages of one listing have in common."""
    return f"{path}?{urlencode(sorted(pair for pair in query if pair[0] != 'marker'))}"


@lru_cache(maxsize=64)
def _down(fault: Fault, servers: int) -> frozenset[int]:
    count = min(fault.servers or 0, servers)
    return frozenset(Random(f"cell/{fault.salt}").sample(range(servers), count))


def hidden_births(world: World, faults: Sequence[Fault]) -> frozenset[int]:
    """Return the births whose cell does not answer."""
    hidden: set[int] = set()
    for fault in faults:
        if fault.kind == "down-cell":
            hidden |= _down(fault, world.first_servers)
            births = (world.seeded.birth(uuid) for uuid in fault.ids)
            hidden |= {birth for birth in births if birth is not None}
    return frozenset(hidden)


def as_of(faults: Sequence[Fault], now: int) -> int | None:
    """Return the instant (microseconds) that a stale replica answers as of."""
    ages = [fault.seconds or 0.0 for fault in faults if fault.kind == "stale"]
    return now - int(max(ages) * MICROSECONDS) if ages else None


def take(
    world: World, query: ListQuery, faults: Sequence[Fault], known: Known, now: int, minor: int
) -> Page:
    """Return the page that a query asks for.  Raises NovaError for a marker of no use."""
    by_kind = {fault.kind: fault for fault in faults}
    hidden = hidden_births(world, faults)
    after = _marker_birth(world, query.marker, hidden)
    past = as_of(faults, now)
    passed_over = 0
    if "missing-page" in by_kind:
        passed_over = by_kind["missing-page"].servers or query.limit
    with world.reading():
        matching = (
            server
            for server in _sorted(world, query, after, past)
            if server.facts.birth not in hidden and query.admits(server)
        )
        again: list[Server] = []
        if "duplicates" in by_kind and query.limit > 1:
            wanted = min(by_kind["duplicates"].servers or 1, query.limit - 1, len(known.tail))
            births = known.tail[len(known.tail) - wanted :]
            found = (world.server(birth, past) for birth in births)
            again = [server for server in found if server is not None and query.admits(server)]
        stop = passed_over + query.limit - len(again)
        servers = again + list(itertools.islice(matching, passed_over, stop))
    unknown: list[Server] = []
    if hidden and query.plain and minor >= 69:
        found = (world.server(birth, past) for birth in sorted(hidden, reverse=True))
        unknown = [server for server in found if server is not None and query.admits(server)]
        unknown = unknown[: query.limit - len(servers)]
    full = bool(query.limit) and len(servers) + len(unknown) == query.limit
    marker = servers[-1].facts.id.decode() if full and servers else None
    if "ends-early" in by_kind:
        marker = None
    if "link-loop" in by_kind and marker is not None:
        marker = query.marker or ""
    if "skip-item" in by_kind:
        middle = len(servers) // 2
        del servers[middle : middle + (by_kind["skip-item"].servers or 1)]
    return Page(servers, unknown, marker)


def _marker_birth(world: World, marker: str | None, hidden: frozenset[int]) -> int | None:
    if not marker:
        return None
    try:
        birth = world.birth(marker)
    except UnknownServerError:
        raise NovaError(400, f"marker [{marker}] not found") from None
    if birth in hidden:
        raise NovaError(500, "Unexpected API Error. The marker's cell does not answer.")
    return birth


def _sorted(
    world: World, query: ListQuery, after: int | None, past: int | None
) -> Iterator[Server]:
    if query.sort == DEFAULT_SORT:
        return world.ordered(after, past, query.since)
    servers = list(world.ordered(None, past, query.since))
    for key, descending in reversed(query.sort):
        servers.sort(key=SORT_KEYS[key], reverse=descending)
    if after is None:
        return iter(servers)
    marker = world.server(after)
    if marker is None:
        return iter(())
    return (server for server in servers if _behind(server, marker, query.sort))


def _behind(server: Server, marker: Server, sort: tuple[tuple[str, bool], ...]) -> bool:
    for key, descending in sort:
        mine, its = SORT_KEYS[key](server), SORT_KEYS[key](marker)
        if mine != its:
            return bool(its < mine) != descending
    return False
