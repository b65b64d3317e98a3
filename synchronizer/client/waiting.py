# SPDX-License-Identifier: Apache-2.0
"""Waiting for a listing, in as many calls as it takes: each is bounded by the server."""

import time
from collections.abc import Callable

from synchronizer import errors
from synchronizer.client.values import Page

#: Told before each call but the first: what the last one said, and the seconds waited so far.
#: What it raises ends the wait.
Waiting = Callable[[errors.Listing, float], None]


def silently(told: errors.Listing, seconds: float) -> None:
    """Says nothing."""


def first_page(
    ask: Callable[[str | None], Page],
    timeout: float,
    waiting: Waiting,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Page:
    """What `ask` gives, called with None and then with the token that it raised; after
    `timeout` seconds its `errors.Listing`."""
    began = clock()
    cursor: str | None = None
    while True:
        try:
            return ask(cursor)
        except errors.Listing as told:
            waited = clock() - began
            if waited >= timeout:
                raise
            cursor = told.cursor
            waiting(told, waited)
            if told.retry_after:
                sleep(min(told.retry_after, timeout - waited))
