# SPDX-License-Identifier: Apache-2.0
"""Complete listings: followed to their end, raw, and honest about what speaks against them."""

import json
import time
import urllib.request
from collections.abc import Iterable

import msgspec
import pytest

from synchronizer.plugin import BadAnswer, ListingBroken, Page
from synchronizer.simulator import Fault, Running, Simulator
from synchronizer_plugins.nova.kinds import SERVER
from synchronizer_plugins.nova.plugin import NovaPlugin
from tests.functional.nova.conftest import MakePlugin
from tests.functional.nova.scripted import Scripted, fault, page, partial, server


def ids(pages: Iterable[Page]) -> list[str]:
    return [msgspec.json.decode(item)["id"] for each in pages for item in each.items]


def test_every_server_is_listed_though_nova_clamps_the_page(
    plugin: NovaPlugin, simulated: Running
) -> None:
    pages = list(plugin.get_all(SERVER))
    assert [len(each.items) for each in pages] == [10, 10, 5]
    assert [each.last for each in pages] == [False, False, True]
    assert all(each.problems == () for each in pages)
    assert len(set(ids(pages))) == 25


def test_an_exactly_full_last_page_is_followed_by_an_empty_one(make_plugin: MakePlugin) -> None:
    with Simulator(servers=20, page_limit=10).serving() as running:
        pages = list(make_plugin(running.auth_url).get_all(SERVER))
    assert [len(each.items) for each in pages] == [10, 10, 0]
    assert [each.last for each in pages] == [False, False, True]
    assert pages[-1].problems == ()


def test_an_empty_cloud_is_one_empty_last_page(make_plugin: MakePlugin) -> None:
    with Simulator(servers=0).serving() as running:
        (only,) = make_plugin(running.auth_url).get_all(SERVER)
    assert (list(only.items), only.last, only.problems) == ([], True, ())


def test_the_configured_page_size_is_asked_for(cloud: Scripted, told: NovaPlugin) -> None:
    cloud.answers = [page(server("a"))]
    list(told.get_all(SERVER))
    assert cloud.requests[0].query == {"all_tenants": "1", "soft_deleted": "1", "limit": "2"}


def test_items_are_the_bytes_that_nova_sent(plugin: NovaPlugin, simulated: Running) -> None:
    first = next(plugin.get_all(SERVER))
    nova = plugin._connection.service()
    request = urllib.request.Request(  # noqa: S310 - a server of this test
        f"{simulated.compute_url}/servers/detail?all_tenants=1",
        headers={
            "X-Auth-Token": nova._adapter.get_token(),
            "OpenStack-API-Version": f"compute {nova.microversion}",
        },
    )
    with urllib.request.urlopen(request) as response:  # noqa: S310
        body = response.read()
    for item in first.items:
        assert bytes(item) in body


def test_a_page_is_requested_when_it_is_asked_for_and_not_before(
    cloud: Scripted, told: NovaPlugin
) -> None:
    cloud.answers = [page(server("a"), next_="a"), page(server("b"), next_="b"), page()]
    pages = told.get_all(SERVER)
    assert len(cloud.requests) == 0
    next(pages)
    assert len(cloud.requests) == 1
    next(pages)
    assert len(cloud.requests) == 2


def test_pages_carry_the_time_of_the_service(plugin: NovaPlugin) -> None:
    before = int(time.time()) * 1_000_000
    first = next(plugin.get_all(SERVER))
    assert first.server_time is not None
    assert before <= first.server_time <= time.time() * 1_000_000


def test_duplicates_across_pages_are_handed_through(plugin: NovaPlugin, simulated: Running) -> None:
    simulated.control.add_fault(
        Fault(kind="duplicates", operations=frozenset({"list"}), page=1, servers=3)
    )
    listed = ids(plugin.get_all(SERVER))
    assert len(listed) == 28
    assert len(set(listed)) == 25


def test_the_links_host_is_not_followed_and_our_own_parameters_stay(
    cloud: Scripted, told: NovaPlugin
) -> None:
    cloud.answers = [page(server("a"), server("b"), next_="b"), page(server("c"))]
    assert ids(told.get_all(SERVER)) == ["a", "b", "c"]
    assert cloud.requests[1].query == {
        "all_tenants": "1",
        "soft_deleted": "1",
        "limit": "2",
        "marker": "b",
    }


def test_a_short_page_with_a_link_is_not_the_end(cloud: Scripted, told: NovaPlugin) -> None:
    cloud.answers = [page(server("a"), next_="a"), page(next_="x"), page(server("b"))]
    assert ids(told.get_all(SERVER)) == ["a", "b"]


def test_links_that_loop_break_the_listing(plugin: NovaPlugin, simulated: Running) -> None:
    simulated.control.add_fault(Fault(kind="link-loop", page=1))
    with pytest.raises(ListingBroken, match="loop"):
        list(plugin.get_all(SERVER))


def test_a_link_without_a_marker_breaks_the_listing(cloud: Scripted, told: NovaPlugin) -> None:
    cloud.answers = [page(server("a"), next_="")]
    with pytest.raises(ListingBroken, match="no marker"):
        list(told.get_all(SERVER))


def test_a_marker_that_nova_no_longer_knows_breaks_the_listing(
    cloud: Scripted, told: NovaPlugin
) -> None:
    cloud.answers = [
        page(server("a"), server("b"), next_="b"),
        fault(400, "badRequest", "marker [b] not found"),
    ]
    pages = told.get_all(SERVER)
    assert ids([next(pages)]) == ["a", "b"]
    with pytest.raises(ListingBroken, match=r"marker \[b\] not found"):
        next(pages)


def test_a_refused_first_page_is_no_broken_listing(cloud: Scripted, told: NovaPlugin) -> None:
    cloud.answers = [fault(400, "badRequest", "Invalid filter")]
    with pytest.raises(BadAnswer, match="Invalid filter") as caught:
        next(told.get_all(SERVER))
    assert not isinstance(caught.value, ListingBroken)


def test_a_full_page_without_a_link_is_a_problem(
    simulated: Running, make_plugin: MakePlugin
) -> None:
    plugin = make_plugin(simulated.auth_url, page_size=10)
    simulated.control.add_fault(Fault(kind="ends-early", page=1))
    pages = list(plugin.get_all(SERVER))
    assert pages[-1].last
    assert pages[-1].problems == ("the last page is full and has no link to a next one",)


def test_a_page_as_full_as_those_before_and_without_a_link_is_a_problem(
    simulated: Running, make_plugin: MakePlugin
) -> None:
    """Nova clamps the page size to its own limit without a word."""
    most = len(next(make_plugin(simulated.auth_url).get_all(SERVER)).items)
    plugin = make_plugin(simulated.auth_url, page_size=10 * most)
    simulated.control.add_fault(Fault(kind="ends-early", page=1))
    pages = list(plugin.get_all(SERVER))
    assert [len(page.items) for page in pages] == [most, most]
    assert pages[-1].problems == ("the last page is full and has no link to a next one",)


def test_servers_of_a_down_cell_are_unclear_and_a_problem(
    cloud: Scripted, told: NovaPlugin
) -> None:
    cloud.answers = [page(server("a"), partial("b"))]
    (only,) = told.get_all(SERVER)
    assert ids([only]) == ["a"]
    assert only.unclear == ["b"]
    assert any("a cell is down: 1 servers cannot be read, such as b" in p for p in only.problems)


def test_a_whole_server_in_the_state_unknown_is_an_entity(
    cloud: Scripted, told: NovaPlugin
) -> None:
    cloud.answers = [page(server("a", status="UNKNOWN", host_status="UNKNOWN"))]
    (only,) = told.get_all(SERVER)
    assert ids([only]) == ["a"]
    assert (only.unclear, only.problems) == ([], ())


def test_a_soft_deleted_server_is_an_entity_and_a_deleted_one_is_not(
    cloud: Scripted, told: NovaPlugin
) -> None:
    cloud.answers = [
        page(server("a", status="SOFT_DELETED"), next_="a"),
        page(server("b", status="DELETED")),
    ]
    pages = list(told.get_all(SERVER))
    assert ids(pages) == ["a"]
    assert [list(each.deleted) for each in pages] == [[], ["b"]]


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": "), (" ,\n", " :\n ")])
def test_statuses_are_seen_however_the_json_is_spaced(
    cloud: Scripted, told: NovaPlugin, separators: tuple[str, str]
) -> None:
    body = {"servers": [server("a"), partial("b")]}
    answer = page()
    answer.body = json.dumps(body, separators=separators).encode()
    cloud.answers = [answer]
    (only,) = told.get_all(SERVER)
    assert only.unclear == ["b"]


@pytest.mark.parametrize("shape", ["array", "null", "empty", "object"])
def test_a_page_of_another_shape_is_a_bad_answer(
    plugin: NovaPlugin, simulated: Running, shape: str
) -> None:
    simulated.control.add_fault(
        Fault(kind="wrong-shape", shape=shape, operations=frozenset({"list"}))  # type: ignore[arg-type]
    )
    with pytest.raises(BadAnswer, match="not what was asked for"):
        list(plugin.get_all(SERVER))


def test_an_item_without_an_id_is_handed_through_for_the_sampler_to_tell(
    cloud: Scripted, told: NovaPlugin
) -> None:
    cloud.answers = [page({"status": "UNKNOWN"}, partial("b"))]
    (only,) = told.get_all(SERVER)
    assert [bytes(item) for item in only.items] == [b'{"status": "UNKNOWN"}']
    assert only.unclear == ["b"]


def test_a_listing_is_broken_off_by_an_error_in_its_middle(
    plugin: NovaPlugin, simulated: Running
) -> None:
    simulated.control.add_fault(Fault(kind="truncated-json", page=2))
    pages = plugin.get_all(SERVER)
    assert [next(pages).last, next(pages).last] == [False, False]
    with pytest.raises(BadAnswer):
        next(pages)
