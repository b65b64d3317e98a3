# SPDX-License-Identifier: Apache-2.0
"""Changes of servers, asked for in two: those whose records are there, and destroyed ones.

In one answer Nova mixes what has to be told apart. It writes DELETED into a server before it
gives its resources back, and destroys the record after that; if giving back fails, the server
goes to ERROR and stays. And beside a deleted server it shows live ones of the same host with
an empty host_status.
"""

import dataclasses
from collections.abc import Iterator, Mapping

from synchronizer.plugin import Page

#: Beside changes-since. The second shows soft-deleted servers as well.
THERE: Mapping[str, str] = {"deleted": "False"}
DESTROYED: Mapping[str, str] = {"deleted": "True"}


def told_apart(there: Iterator[Page], gone: Iterator[Page]) -> Iterator[Page]:
    """The pages of both answers as one: `Page.destroyed` is what the second alone calls deleted.

    What the first calls so as well stays `Page.deleted`, and is asked for one by one.
    """
    doubtful: set[str] = set()
    for page in there:
        doubtful.update(page.deleted)
        yield dataclasses.replace(page, last=False)
    for page in gone:
        # If it shows what is there, Nova passes over this credential's filters.
        believed = all(b'"SOFT_DELETED"' in bytes(item) for item in page.items)
        if not believed:
            doubtful.update(page.deleted)
        yield Page(
            deleted=[id_ for id_ in page.deleted if id_ in doubtful],
            destroyed=[id_ for id_ in page.deleted if id_ not in doubtful],
            last=page.last,
        )
