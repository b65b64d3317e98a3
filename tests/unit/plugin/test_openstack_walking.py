# SPDX-License-Identifier: Apache-2.0
"""How pages follow each other, each way, against a service that is a function."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest

from synchronizer.plugin import BadAnswer, EntityType, ListingBroken, Page
from synchronizer.plugin.openstack import (
    UNPAGED,
    Answer,
    Kind,
    Paging,
    Sorted,
    by_href,
    by_last_id,
    by_links,
    by_offset,
    documents,
    walking,
)

Ask = Callable[[Mapping[str, str]], Any]


class Rights:
    """A credential that stays as it is."""

    def rights(self) -> "Rights":
        return self

    def token_mark(self) -> str:
        return "same"


class Told:
    """Answers with what `ask` makes of the parameters: a document, or a status."""

    name = "told"
    credential = Rights()

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self.asked: list[dict[str, str]] = []

    def get(self, path: str, params: Mapping[str, str]) -> Answer:
        self.asked.append(dict(params))
        found = self._ask(params)
        status = found if isinstance(found, int) else 200
        return Answer(f"GET {path}", status, {}, msgspec.json.encode(found), None)


def things(count: int) -> list[dict[str, str]]:
    return [{"id": f"t{number:03}"} for number in range(count)]


def pages(told: Told, paging: Paging = UNPAGED, size: int = 0, **more: Any) -> list[Page]:
    kind = Kind(type=EntityType("x.thing"), path="/things", plural="things", paging=paging, **more)
    return list(walking.pages(told, kind, size, {}))  # type: ignore[arg-type]


def ids(found: list[Page]) -> list[str]:
    return [msgspec.json.decode(item)["id"] for page in found for item in page.items]


def by_marker(
    all_: list[dict[str, str]], most: int, *, hidden: frozenset[str] = frozenset()
) -> Ask:
    """Entities behind a marker, at most so many at a time, those hidden left out of the page."""

    def ask(params: Mapping[str, str]) -> Any:
        there = [thing["id"] for thing in all_]
        start = there.index(params["marker"]) + 1 if "marker" in params else 0
        page = all_[start : start + min(most, int(params["limit"]))]
        return {"things": [thing for thing in page if thing["id"] not in hidden]}

    return ask


def by_number(all_: list[dict[str, str]], most: int) -> Ask:
    def ask(params: Mapping[str, str]) -> Any:
        start = int(params.get("offset", "0"))
        return {"things": all_[start : start + min(most, int(params["limit"]))]}

    return ask


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 6, 7])
@pytest.mark.parametrize("size", [0, 1, 2, 3, 100])
@pytest.mark.parametrize("most", [2, 3, 1000])
def test_offsets_lead_through_everything_once(count: int, size: int, most: int) -> None:
    found = pages(Told(by_number(things(count), most)), by_offset(1000), size)
    assert ids(found) == [thing["id"] for thing in things(count)]
    assert [page.last for page in found] == [False] * (len(found) - 1) + [True]
    assert all(page.problems == () for page in found)


def test_pages_by_offset_overlap_by_one() -> None:
    told = Told(by_number(things(5), 3))
    pages(told, by_offset(1000))
    assert [asked.get("offset") for asked in told.asked] == [None, "2", "4"]


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_an_entity_that_goes_before_the_next_offset_breaks_the_listing(gone: int) -> None:
    there = things(6)
    told = Told(by_number(there, 3))
    kind = Kind(type=EntityType("x.thing"), path="/things", plural="things", paging=by_offset(3))
    walk = walking.pages(told, kind, 0, {})  # type: ignore[arg-type]
    next(walk)
    del there[gone]
    with pytest.raises(ListingBroken, match="moved while its pages were read"):
        list(walk)


def test_an_entity_that_goes_behind_the_next_offset_is_no_matter() -> None:
    there = things(6)
    told = Told(by_number(there, 3))
    kind = Kind(type=EntityType("x.thing"), path="/things", plural="things", paging=by_offset(3))
    walk = walking.pages(told, kind, 0, {})  # type: ignore[arg-type]
    first = next(walk)
    del there[3]
    assert ids([first, *walk]) == ["t000", "t001", "t002", "t004", "t005"]


@pytest.mark.parametrize("count", [0, 1, 3, 4, 6])
def test_last_ids_lead_through_everything(count: int) -> None:
    found = pages(Told(by_marker(things(count), 1000)), by_last_id(3))
    assert ids(found) == [thing["id"] for thing in things(count)]
    assert len(found) == count // 3 + 1


def test_a_page_that_is_short_in_the_middle_is_no_end_where_pages_may_be() -> None:
    ask = by_marker(things(9), 3, hidden=frozenset({"t001", "t005"}))
    wanted = [thing["id"] for thing in things(9) if thing["id"] not in {"t001", "t005"}]
    assert ids(pages(Told(ask), by_last_id(3, short_pages=True))) == wanted
    assert ids(pages(Told(ask), by_last_id(3))) == ["t000", "t002"]


def test_a_last_entity_without_an_id_breaks_the_listing() -> None:
    with pytest.raises(ListingBroken, match="no id to go on from"):
        pages(Told(lambda _: {"things": [{"name": "x"}]}), by_last_id(1))


def test_addresses_one_inside_the_other_are_followed() -> None:
    def ask(params: Mapping[str, str]) -> Any:
        if "marker" in params:
            return {"things": things(2)[1:], "links": {"next": None}}
        return {"things": things(1), "links": {"next": "/things?marker=t000"}}

    assert ids(pages(Told(ask), by_href("links", "next", size=1))) == ["t000", "t001"]


def test_a_listing_that_the_service_cut_short_has_a_problem() -> None:
    (page,) = pages(Told(lambda _: {"things": things(1), "truncated": True}))
    assert page.problems == ("the service says that it cut the listing short (truncated)",)


def test_what_a_sort_cannot_place_is_a_problem_of_the_page() -> None:
    def sort(body: bytes, items: Any) -> Sorted:
        return Sorted(items[1:], problems=["one is hidden"])

    (page,) = pages(Told(lambda _: {"things": things(2)}), sort=sort)
    assert (ids([page]), page.problems) == (["t001"], ("one is hidden",))


def test_a_doubt_is_asked_for_at_the_end_and_is_a_problem() -> None:
    asked = []

    def doubt(service: object) -> str:
        asked.append(service)
        return "the half is hidden"

    told = Told(by_marker(things(4), 2))
    found = pages(told, by_last_id(2), doubt=doubt)
    assert asked == [told]
    assert [page.problems for page in found] == [(), (), ("the half is hidden",)]


@pytest.mark.parametrize("document", [[], None, {}, {"things": None}, {"things": {}}, 7])
def test_a_page_of_another_form_is_a_bad_answer(document: object) -> None:
    answer = Answer("GET /things", 200, {}, msgspec.json.encode(document), None)
    with pytest.raises(BadAnswer, match="not what was asked for"):
        documents.page(answer, "told", "things", ("links",))


def test_a_page_is_cut_up_and_not_decoded() -> None:
    body = b'{"other": {"a": [1]}, "things": [{"id":  "a"}, {"id" : "b"}], "links": {"next": 1.50}}'
    answer = Answer("GET /things", 200, {}, body, None)
    items, rest = documents.page(answer, "told", "things", ("links", "missing"))
    assert [bytes(item) for item in items] == [b'{"id":  "a"}', b'{"id" : "b"}']
    assert (rest.get("links"), rest.get("missing"), rest.get("other")) == (
        {"next": 1.5},
        None,
        None,
    )


def test_links_without_a_next_one_end_the_listing() -> None:
    document = {"things": things(1), "things_links": [{"rel": "previous", "href": "?marker=x"}, 7]}
    (page,) = pages(Told(lambda _: document), by_links("things_links", 5))
    assert (page.last, page.problems) == (True, ())
