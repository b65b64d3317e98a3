# SPDX-License-Identifier: Apache-2.0
"""What changed in Nova since an instant: its changes-since filter."""

import datetime
from collections.abc import Iterator

from synchronizer.plugin import Page
from synchronizer_plugins.nova import listing
from synchronizer_plugins.nova.connection import Nova


def pages(nova: Nova, page_size: int, since: int) -> Iterator[Page]:
    """Servers whose `updated` is `since` (microseconds since 1970) or later, deleted ones by id."""
    query = {**listing.ALL_PROJECTS, "changes-since": formatted(since)}
    return listing.pages(nova, page_size, query)


def formatted(instant: int) -> str:
    """Nova's form of an instant: whole seconds, rounded down, since Nova keeps no parts of them."""
    moment = datetime.datetime.fromtimestamp(instant // 1_000_000, datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
