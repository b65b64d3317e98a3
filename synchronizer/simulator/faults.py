# SPDX-License-Identifier: Apache-2.0
"""Faults on demand: what can go wrong, when, and for which requests."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from random import Random
from typing import Any, Literal

import msgspec

Operation = Literal["list", "changes", "get", "auth", "versions", "other"]

Kind = Literal[
    "error",  # `status`, in the service's own format, with `retry_after` seconds if given
    "slow",  # `seconds` more for each request, or `total` over all pages of a listing
    "hang",  # no answer until the client gives up (or `seconds` have passed)
    "disconnect",  # the connection is closed without an answer
    "truncated-body",  # Content-Length promises more than is sent
    "truncated-json",  # valid HTTP, but the JSON is cut off
    "html",  # a proxy's error page, with `status` (200 is possible too)
    "wrong-shape",  # valid JSON of another form, see `shape`
    "missing-page",  # `servers` items (or a page) are passed over, the links go on
    "ends-early",  # the page has no next link
    "link-loop",  # the next link leads to the same page
    "duplicates",  # `servers` of the page before come again at its start
    "skip-item",  # `servers` items are left out of the page, from the middle
    "down-cell",  # `servers` servers (or `ids`) are in a cell that does not answer
    "lost-admin",  # admins count as members, see `variant` and `revoke`
    "expire-tokens",  # every token ends now; the request gets 401
    "stale",  # answers as of `seconds` ago
]

Shape = Literal["array", "null", "empty", "object", "no-id", "texts"]
Variant = Literal["200-own-project", "403"]

OF_PAGES = frozenset({"missing-page", "ends-early", "link-loop", "duplicates", "skip-item"})
"""The kinds that only a page of a listing can suffer."""


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A fault and its limits; a limit that is left out does not limit.

    Limits: `operations`, `path` (a part of it), `page` (0 is a listing's first), `count`
    (requests, then it is over), `probability`, `after` and `duration` (seconds from when it
    is set).  `down-cell` picks its servers by `salt`.  `revoke` ends all tokens when the
    fault is set, so that clients log in again and find their role gone.
    """

    kind: Kind
    operations: frozenset[Operation] | None = None
    path: str | None = None
    page: int | None = None
    count: int | None = None
    probability: float = 1.0
    after: float = 0.0
    duration: float | None = None
    status: int | None = None
    retry_after: int | None = None
    seconds: float | None = None
    total: float | None = None
    servers: int | None = None
    ids: frozenset[str] = frozenset()
    shape: Shape = "array"
    variant: Variant = "200-own-project"
    revoke: bool = False
    salt: int = 0

    def __post_init__(self) -> None:
        if self.kind == "error" and not 400 <= (self.status or 0) <= 599:
            raise ValueError("an error needs a status from 400 to 599")
        if not 0 <= self.probability <= 1:
            raise ValueError("probability is between 0 and 1")
        if self.kind == "slow" and (self.seconds is None) == (self.total is None):
            raise ValueError("slow needs either seconds or total")
        if self.kind == "stale" and not self.seconds:
            raise ValueError("stale needs seconds")
        if self.kind == "down-cell" and not (self.servers or self.ids):
            raise ValueError("down-cell needs servers or ids")
        if self.revoke and (self.kind != "lost-admin" or self.after):
            raise ValueError("revoke goes with lost-admin, and at once")
        if self.count is not None and self.count < 1:
            raise ValueError("count is at least 1")


class Applied(msgspec.Struct):
    """A fault in force: its number, how often it struck, and when it began and ends."""

    id: int
    fault: Fault
    begins: float
    ends: float | None
    struck: int = 0


class FaultBook:
    """The faults in force; probability is drawn from the seed, in the order of requests."""

    def __init__(self, seed: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._random = Random(f"faults/{seed}")
        self._clock = clock
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._applied: dict[int, Applied] = {}

    def add(self, fault: Fault) -> int:
        """Put a fault in force; return its number."""
        with self._lock:
            number = next(self._ids)
            begins = self._clock() + fault.after
            ends = None if fault.duration is None else begins + fault.duration
            self._applied[number] = Applied(number, fault, begins, ends)
            return number

    def remove(self, number: int) -> bool:
        """End a fault; False if there is none of that number."""
        with self._lock:
            return self._applied.pop(number, None) is not None

    def clear(self) -> None:
        """End all faults."""
        with self._lock:
            self._applied.clear()

    def listed(self) -> list[dict[str, Any]]:
        """Return the faults that are not over, with how often each struck."""
        with self._lock:
            return [
                {"id": one.id, "struck": one.struck, **msgspec.to_builtins(one.fault)}
                for one in self._applied.values()
                if not self._over(one)
            ]

    def strike(self, operation: Operation, path: str, page: int | None) -> list[Fault]:
        """Return the faults that hit this request, and count them."""
        with self._lock:
            hit = [one for one in self._applied.values() if self._hits(one, operation, path, page)]
            for one in hit:
                one.struck += 1
            return [one.fault for one in hit]

    def _over(self, one: Applied) -> bool:
        spent = one.fault.count is not None and one.struck >= one.fault.count
        return spent or (one.ends is not None and self._clock() >= one.ends)

    def _hits(self, one: Applied, operation: Operation, path: str, page: int | None) -> bool:
        fault = one.fault
        if self._over(one) or self._clock() < one.begins:
            return False
        if fault.operations is not None and operation not in fault.operations:
            return False
        if fault.path is not None and fault.path not in path:
            return False
        if fault.page is not None and fault.page != page:
            return False
        if page is None and fault.kind in OF_PAGES:
            return False
        return fault.probability >= 1 or self._random.random() < fault.probability
