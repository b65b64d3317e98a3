# SPDX-License-Identifier: Apache-2.0
"""The requests that are reckoned with are those that are made."""

import json
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from synchronizer.model import EntityType
from synchronizer.plugin.openstack import (
    Answer,
    Kind,
    Paging,
    Service,
    by_last_id,
    by_links,
    costs,
    walking,
)
from synchronizer.plugin.openstack.credential import Rights
from synchronizer.plugin.openstack.paging import UNPAGED, by_offset


class Things:
    """A service with some entities that counts requests."""

    name = "things"

    def __init__(self, count: int, linked: bool, parts: int) -> None:
        self.ids = [f"{number:04}" for number in range(count)]
        self.requests = 0
        self._linked = linked
        self._parts = parts
        self.credential = SimpleNamespace(
            token_mark=lambda: "same", rights=lambda: Rights("u", "p", ("admin",))
        )

    def get(self, path: str, params: Mapping[str, str]) -> Answer:
        self.requests += 1
        ids: Sequence[str] = self.ids if params.get("part", "0") == "0" else ()
        if "marker" in params:
            ids = [id_ for id_ in ids if id_ > params["marker"]]
        ids = ids[int(params.get("offset", 0)) :]
        shown = ids[: int(params.get("limit", 10_000))]
        body: dict[str, Any] = {"things": [{"id": id_} for id_ in shown]}
        if self._linked and shown and len(shown) == int(params["limit"]):
            body["links"] = [{"rel": "next", "href": f"http://x?marker={shown[-1]}"}]
        return Answer("GET /things", 200, {}, json.dumps(body).encode(), None)


@pytest.mark.parametrize("count", [0, 1, 2, 4, 5, 6, 10, 11, 49, 50])
@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize(
    "paging",
    [
        UNPAGED,
        by_links("links", 5),
        by_last_id(5),
        by_last_id(5, short_pages=True),
        by_offset(5),
    ],
)
def test_a_listing_takes_the_requests_that_were_reckoned(
    paging: Paging, parts: int, count: int
) -> None:
    kind = Kind(
        type=EntityType("things.thing"),
        path="/things",
        plural="things",
        parts=tuple({"part": str(part)} for part in range(parts)),
        paging=paging,
    )
    things = Things(count, paging.links, parts)
    pages = list(walking.pages(cast(Service, things), kind, 0, {}))
    assert pages[-1].last
    assert sum(len(page.items) for page in pages) == count
    assert things.requests == costs.of_listing(kind, count, 0)


def test_created_entities_are_asked_for_by_a_request_of_their_own() -> None:
    kind = Kind(type=EntityType("things.thing"), path="/things", plural="things")
    assert costs.of_changes(kind) == 0
    both = Kind(
        type=kind.type, path="", plural="", changes=lambda since: {}, created=lambda since: {}
    )
    assert costs.of_changes(both) == 2


def test_a_page_is_not_larger_than_the_service_makes_it() -> None:
    kind = Kind(type=EntityType("things.thing"), path="", plural="", paging=by_last_id(1000))
    assert costs.of_listing(kind, 2500, 100_000) == 3
    assert costs.of_listing(kind, 2500, 100) == 26


def test_each_part_of_a_listing_may_be_doubted_and_no_changes_are() -> None:
    kind = Kind(
        type=EntityType("things.thing"),
        path="",
        plural="",
        parts=({"part": "0"}, {"part": "1"}),
        changes=lambda since: {},
        doubt=lambda service: None,
        doubt_requests=3,
    )
    assert costs.of_listing(kind, 5, 0) == 2 + 2 * 3
    assert costs.of_changes(kind) == 2
