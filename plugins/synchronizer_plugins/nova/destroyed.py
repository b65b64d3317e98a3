# SPDX-License-Identifier: Apache-2.0
"""Which of the servers that Nova calls DELETED it has really let go of.

Nova writes DELETED into a server before it gives its resources back, and destroys the record
after that; if giving back fails, the server goes to ERROR and stays. A query for destroyed
records alone tells the two apart, at the price of one more request while any are shown.
"""

import dataclasses
from collections.abc import Callable, Iterator

from synchronizer.plugin import Page

#: Beside changes-since: nothing but records that are destroyed (and soft-deleted servers).
FILTER = {"deleted": "True"}


def told_apart(changes: Iterator[Page], ask: Callable[[], Iterator[Page]]) -> Iterator[Page]:
    """The pages of changes, the deleted servers of all of them at the end.

    `ask` queries with `FILTER`. What it shows too is `destroyed`; the rest stays `deleted`,
    and is asked for one by one.
    """
    called: dict[str, None] = {}
    for page in changes:
        called.update(dict.fromkeys(page.deleted))
        ends = page.last and not called
        yield dataclasses.replace(page, deleted=(), last=ends)
        if page.last and called:
            yield from _last(called, ask)


def _last(called: dict[str, None], ask: Callable[[], Iterator[Page]]) -> Iterator[Page]:
    destroyed: set[str] = set()
    for page in ask():
        if any(b'"SOFT_DELETED"' not in bytes(item) for item in page.items):
            # It shows what is there: this credential's filter counts for nothing.
            destroyed.clear()
            break
        destroyed.update(page.deleted)
        if not page.last:
            yield Page()  # each request of its own
    yield Page(
        deleted=[id_ for id_ in called if id_ not in destroyed],
        destroyed=[id_ for id_ in called if id_ in destroyed],
        last=True,
    )
