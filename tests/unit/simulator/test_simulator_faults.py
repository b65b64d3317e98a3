# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from synchronizer.simulator import Fault
from synchronizer.simulator.cloud import Plan
from synchronizer.simulator.faults import FaultBook
from synchronizer.simulator.messages import Request

Offline = Callable[..., Any]
LIST = "/servers/detail?all_tenants=1"


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def struck(book: FaultBook, operation: Any = "list", path: str = "/p", page: int | None = 0) -> int:
    return len(book.strike(operation, path, page))


def test_a_fault_is_limited_to_its_count_operation_path_and_page() -> None:
    book = FaultBook(1)
    book.add(Fault(kind="hang", count=2, operations=frozenset({"list"}), path="detail", page=1))
    assert struck(book, "get", "/detail", 1) == 0
    assert struck(book, "list", "/servers", 1) == 0
    assert struck(book, "list", "/detail", 0) == 0
    assert [struck(book, "list", "/detail", 1) for _ in range(3)] == [1, 1, 0]
    assert book.listed() == []


def test_a_fault_begins_after_its_delay_and_ends_after_its_duration() -> None:
    clock = Clock()
    book = FaultBook(1, clock)
    book.add(Fault(kind="hang", after=5, duration=10))
    seen = []
    for clock.now in (100, 104.9, 105, 114.9, 115):
        seen.append(struck(book))
    assert seen == [0, 0, 1, 1, 0]


def test_a_probability_strikes_the_same_requests_for_the_same_seed() -> None:
    def pattern(seed: int) -> list[int]:
        book = FaultBook(seed)
        book.add(Fault(kind="hang", probability=0.3))
        return [struck(book) for _ in range(200)]

    assert pattern(1) == pattern(1) != pattern(2)
    assert 30 < sum(pattern(1)) < 90


def test_a_fault_can_be_removed_and_listed_with_how_often_it_struck() -> None:
    book = FaultBook(1)
    number = book.add(Fault(kind="hang"))
    struck(book)
    assert [(one["id"], one["struck"]) for one in book.listed()] == [(number, 1)]
    assert book.remove(number)
    assert not book.remove(number)
    assert struck(book) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "earthquake"},
        {"kind": "error"},
        {"kind": "error", "status": 200},
        {"kind": "slow"},
        {"kind": "stale"},
        {"kind": "down-cell"},
        {"kind": "hang", "count": 0},
        {"kind": "hang", "probability": 2},
        {"kind": "hang", "colour": "red"},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(json.dumps(wrong), type=Fault)


def test_an_error_has_the_format_of_its_service(offline: Offline) -> None:
    cloud = offline()
    cloud.strike("error", status=429, retry_after=7, operations=frozenset({"list"}))
    cloud.strike("error", status=503, operations=frozenset({"auth"}))
    limited = cloud.ask(LIST)
    assert (limited.status, limited.headers["Retry-After"]) == (429, "7")
    assert json.loads(limited.body)["overLimit"]["retryAfter"] == "7"
    down = cloud.ask("/identity/v3/auth/tokens", method="POST")
    assert down.status == 503
    assert json.loads(down.body)["error"]["code"] == 503


@pytest.mark.parametrize("status", [502, 200])
def test_a_proxys_page_is_html_even_with_200(offline: Offline, status: int) -> None:
    cloud = offline()
    cloud.strike("html", status=status)
    answer = cloud.ask(LIST)
    assert (answer.status, answer.content_type) == (status, "text/html")
    assert answer.body.startswith(b"<html>")


def test_json_can_be_cut_off(offline: Offline) -> None:
    cloud = offline()
    cloud.strike("truncated-json")
    with pytest.raises(json.JSONDecodeError):
        json.loads(cloud.ask(LIST).body)


@pytest.mark.parametrize(
    ("shape", "check"),
    [
        ("array", lambda body: body == []),
        ("null", lambda body: body is None),
        ("empty", lambda body: body == {}),
        ("object", lambda body: isinstance(body["servers"], dict)),
        ("no-id", lambda body: all("id" not in one for one in body["servers"])),
        ("texts", lambda body: all(isinstance(one, str) for one in body["servers"])),
    ],
)
def test_json_can_have_the_wrong_shape(
    offline: Offline, shape: str, check: Callable[[Any], bool]
) -> None:
    cloud = offline()
    cloud.strike("wrong-shape", shape=shape)
    assert check(cloud.json(LIST))


def test_a_missing_page_loses_its_servers_while_the_links_go_on(offline: Offline) -> None:
    cloud = offline(servers=50)
    whole = cloud.ids("all_tenants=1&limit=10")
    cloud.strike("missing-page", page=2)
    assert cloud.ids("all_tenants=1&limit=10") == whole[:20] + whole[30:]


def test_a_listing_can_end_early(offline: Offline) -> None:
    cloud = offline(servers=50)
    whole = cloud.ids("all_tenants=1&limit=10")
    cloud.strike("ends-early", page=1)
    assert cloud.ids("all_tenants=1&limit=10") == whole[:20]


def test_links_can_lead_back_to_the_same_page(offline: Offline) -> None:
    cloud = offline(servers=50)
    whole = cloud.ids("all_tenants=1&limit=10")
    cloud.strike("link-loop", page=1, count=3)
    again = cloud.ids("all_tenants=1&limit=10")
    assert again == whole[:10] + 4 * whole[10:20] + whole[20:]


def test_servers_can_come_again_on_the_next_page(offline: Offline) -> None:
    cloud = offline(servers=50)
    whole = cloud.ids("all_tenants=1&limit=10")
    cloud.strike("duplicates", page=1, servers=3)
    assert cloud.ids("all_tenants=1&limit=10") == whole[:10] + whole[7:10] + whole[10:]


def test_a_server_can_be_left_out_of_a_page(offline: Offline) -> None:
    cloud = offline(servers=50)
    whole = cloud.ids("all_tenants=1&limit=10")
    cloud.strike("skip-item", page=1)
    assert cloud.ids("all_tenants=1&limit=10") == whole[:15] + whole[16:]


def test_a_down_cell_is_silent_in_pages_and_changes_and_partial_elsewhere(
    offline: Offline,
) -> None:
    cloud = offline(servers=50)
    whole = cloud.ids("all_tenants=1&limit=10")
    cloud.strike("down-cell", servers=5)
    seen = cloud.ids("all_tenants=1&limit=10")
    hidden = set(whole) - set(seen)
    assert len(hidden) == 5
    assert not hidden & set(cloud.ids("all_tenants=1&changes-since=2024-01-01T00:00:00Z"))
    (page,) = cloud.walk("all_tenants=1")
    assert {one["id"] for one in page if one["status"] == "UNKNOWN"} == hidden
    assert [one["status"] for one in page[:5]] == ["UNKNOWN"] * 5
    (old,) = cloud.walk("all_tenants=1", version="2.68")
    assert {one["id"] for one in old} == set(seen)
    one = min(hidden)
    assert cloud.json(f"/servers/{one}")["server"]["status"] == "UNKNOWN"
    assert cloud.ask(f"/servers/{one}", version="2.68").status == 500
    assert cloud.ask(f"{LIST}&marker={one}").status == 500


def test_a_down_cell_can_be_of_chosen_servers(offline: Offline) -> None:
    cloud = offline(servers=5)
    cloud.strike("down-cell", ids=frozenset({cloud.born(1)}))
    assert cloud.ids("all_tenants=1&limit=5") == [cloud.born(b) for b in (4, 3, 2, 0)]


def test_a_credential_that_lost_its_role_gets_200_and_its_own_project_only(
    offline: Offline,
) -> None:
    cloud = offline(servers=60)
    cloud.strike("lost-admin")
    assert cloud.ids("all_tenants=1") == [cloud.born(birth) for birth in (40, 20, 0)]
    assert cloud.ask(f"/servers/{cloud.born(1)}").status == 404
    assert "OS-EXT-SRV-ATTR:host" not in cloud.json(f"/servers/{cloud.born(0)}")["server"]


def test_a_credential_that_lost_its_role_can_get_403_instead(offline: Offline) -> None:
    cloud = offline(servers=60)
    cloud.strike("lost-admin", variant="403")
    assert cloud.ask(LIST).status == 403
    assert cloud.ids("") == [cloud.born(birth) for birth in (40, 20, 0)]


def test_tokens_can_expire_in_the_middle_of_a_listing(offline: Offline) -> None:
    cloud = offline(servers=50)
    cloud.strike("expire-tokens", page=1, count=1)
    first = cloud.json(f"{LIST}&limit=10")
    link = first["servers_links"][0]["href"].partition("/v2.1")[2]
    refused = cloud.ask(link)
    assert refused.status == 401
    assert refused.headers["WWW-Authenticate"].startswith('Keystone uri="http://')
    assert json.loads(refused.body)["error"]["title"] == "Unauthorized"


def test_a_stale_replica_answers_as_of_an_earlier_time(offline: Offline) -> None:
    cloud = offline(servers=20)
    before = cloud.walk("all_tenants=1")
    cloud.now += 10
    gone = cloud.churn.mutate("delete", cloud.born(4))[0].facts.id.decode()
    cloud.churn.mutate("rename", cloud.born(5))
    created = cloud.churn.mutate("create")[0].facts.id.decode()
    after = cloud.walk("all_tenants=1")
    number = cloud.strike("stale", seconds=5)
    assert cloud.walk("all_tenants=1") == before
    assert cloud.ask(f"/servers/{gone}").status == 200
    assert cloud.ask(f"/servers/{created}").status == 404
    cloud.now += 5.1  # mutations are at least a microsecond apart
    assert cloud.walk("all_tenants=1") == after != before
    cloud.faults.remove(number)


def test_a_total_delay_is_spread_over_the_pages(offline: Offline) -> None:
    cloud = offline(servers=50)
    fault = Fault(kind="slow", total=60)
    target = f"/compute/v2.1{LIST}&limit=10"
    request = Request.of("GET", target, {"host": "h"}, b"", "h")
    assert cloud.cloud.delay(request, Plan("list", 0, [fault])) == 12.0
    assert cloud.cloud.delay(request, Plan("list", 0, [Fault(kind="slow", seconds=2)])) == 2.0


def test_a_fault_of_pages_leaves_other_requests_alone(offline: Offline) -> None:
    cloud = offline(servers=5)
    cloud.strike("ends-early")
    assert cloud.json(f"/servers/{cloud.born(0)}")["server"]["id"] == cloud.born(0)
    assert cloud.faults.listed()[0]["struck"] == 0
