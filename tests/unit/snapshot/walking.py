# SPDX-License-Identifier: Apache-2.0
"""Walks over the pages of get_all."""

import base64
import json
import zlib
from collections.abc import Callable
from typing import Any

Page = dict[str, Any]


def items_of(page: Page) -> list[dict[str, Any]]:
    if page["encoding"] == "json":
        return page["entities"]
    return json.loads(zlib.decompress(base64.b64decode(page["entities"])))


def walk(ask: Callable[..., Page], between: Callable[[], None] = lambda: None, **question: Any):
    """(first page, all items); `between` happens after each page."""
    first = page = ask({}, "nova.server", **question)
    items = items_of(page)
    while page["cursor"] is not None:
        between()
        page = ask({}, "nova.server", cursor=page["cursor"], **question)
        for name in ("epoch", "revision", "count", "digest", "listed_at"):
            assert page[name] == first[name], "the pages of one walk must agree"
        items += items_of(page)
    return first, items
