# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

Offline = Callable[..., Any]


def error(response: Any) -> tuple[int, str, str]:
    ((name, body),) = json.loads(response.body).items()
    assert body["code"] == response.status
    return response.status, name, body["message"]


@pytest.mark.parametrize(("servers", "limit"), [(0, 5), (1, 1), (5, 5), (10, 5), (11, 5), (7, 100)])
def test_following_links_shows_every_server_once_latest_first(
    offline: Offline, servers: int, limit: int
) -> None:
    cloud = offline(servers=servers)
    assert cloud.ids(f"all_tenants=1&limit={limit}") == [
        cloud.born(birth) for birth in reversed(range(servers))
    ]


def test_a_full_page_has_a_next_link_even_when_nothing_follows(offline: Offline) -> None:
    pages = offline(servers=10).walk("all_tenants=1&limit=5")
    assert [len(page) for page in pages] == [5, 5, 0]


def test_a_limit_above_the_maximum_is_clamped_and_the_link_keeps_what_was_asked(
    offline: Offline,
) -> None:
    cloud = offline(servers=25, page_limit=10)
    answer = cloud.json("/servers/detail?name=&limit=5000&all_tenants=1")
    assert len(answer["servers"]) == 10
    query = parse_qs(urlsplit(answer["servers_links"][0]["href"]).query, keep_blank_values=True)
    assert query == {
        "all_tenants": ["1"],
        "limit": ["5000"],
        "marker": [answer["servers"][-1]["id"]],
        "name": [""],
    }
    assert [len(page) for page in cloud.walk("all_tenants=1")] == [10, 10, 5]


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    steps=st.integers(0, 150),
    limit=st.integers(1, 40),
    query=st.sampled_from(
        ["", "&deleted=1", "&sort_dir=asc", "&sort_key=display_name", "&name=db"]
    ),
)
def test_pages_agree_with_the_unpaged_list_whatever_happened_before(
    offline: Offline, seed: int, steps: int, limit: int, query: str
) -> None:
    cloud = offline(servers=30, seed=seed)
    for _ in range(steps):
        cloud.now += 0.4
        cloud.churn.step()
    whole = cloud.json(f"/servers/detail?all_tenants=1{query}")["servers"]
    paged = [one for page in cloud.walk(f"all_tenants=1&limit={limit}{query}") for one in page]
    assert paged == whole
    if not query:
        assert len(whole) == cloud.world.live
        assert whole == sorted(
            sorted(whole, key=lambda one: one["id"]), key=lambda one: one["created"], reverse=True
        )


def test_the_plain_list_shows_id_name_and_links(offline: Offline) -> None:
    (page,) = offline(servers=3).walk("all_tenants=1", form="")
    assert [set(server) for server in page] == [{"id", "name", "links"}] * 3


def test_limit_zero_is_an_empty_list_without_link(offline: Offline) -> None:
    assert offline().json("/servers/detail?all_tenants=1&limit=0") == {"servers": []}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limit=-1", "'-1' does not match '^[0-9]*$'"),
        ("limit=x", "'x' does not match '^[0-9]*$'"),
        ("limit=", "'' should be non-empty"),
        ("marker=nope", "marker [nope] not found"),
        ("changes-since=2026-01-02T03:04:05+00:00", "is not a 'date-time'"),
        ("changes-since=soon", "is not a 'date-time'"),
        ("nonsense=1", "'nonsense' does not match any of the regexes"),
        ("status=BOGUS", "Invalid status value"),
        ("all_tenants=maybe", "Unrecognized value 'maybe'"),
        ("sort_key=colour", "'colour' is not one of"),
        ("sort_dir=sideways", "Unknown sort direction"),
        ("_hidden=1", "Invalid filter field"),
        ("name=(", "is not a 'regex'"),
    ],
)
def test_a_bad_parameter_is_a_400(offline: Offline, query: str, message: str) -> None:
    status, name, text = error(offline().ask(f"/servers/detail?{query}"))
    assert (status, name) == (400, "badRequest")
    assert message in text


def test_a_marker_that_was_never_created_is_a_400_although_its_id_is_well_formed(
    offline: Offline,
) -> None:
    cloud = offline(servers=5)
    status, _, _ = error(cloud.ask(f"/servers/detail?marker={cloud.born(5)}"))
    assert status == 400


def test_a_filter_that_is_not_simulated_is_refused_and_not_ignored(offline: Offline) -> None:
    assert error(offline().ask("/servers/detail?host=compute-001"))[:2] == (501, "notImplemented")
    assert error(offline().ask("/servers/detail?sort_key=host"))[:2] == (501, "notImplemented")


def test_unknown_parameters_are_ignored_before_2_75(offline: Offline) -> None:
    answer = offline(servers=3).json("/servers?nonsense=1&all_tenants=1&limit=3", version="2.74")
    assert "nonsense" not in answer["servers_links"][0]["href"]


def test_a_deleted_server_is_a_404_but_still_a_marker(offline: Offline) -> None:
    cloud = offline(servers=6)
    cloud.churn.mutate("delete", (uuid := cloud.born(3)))
    assert error(cloud.ask(f"/servers/{uuid}")) == (
        404,
        "itemNotFound",
        f"Instance {uuid} could not be found.",
    )
    assert cloud.ids(f"all_tenants=1&marker={uuid}") == [cloud.born(b) for b in (2, 1, 0)]
    created = cloud.churn.mutate("create")[-1].facts.id.decode()
    cloud.churn.mutate("delete", created)
    assert cloud.ids(f"all_tenants=1&marker={created}&limit=1")[0] == cloud.born(5)


def test_changes_since_is_inclusive_to_the_second_and_shows_deleted_servers(
    offline: Offline,
) -> None:
    cloud = offline(servers=40)
    cloud.now += 0.75
    renamed = cloud.churn.mutate("rename", cloud.born(2))[0].facts.id.decode()
    cloud.churn.mutate("delete", cloud.born(30))
    since = cloud.since()
    cloud.now += 1
    assert cloud.ids(f"all_tenants=1&changes-since={since}") == [cloud.born(30), renamed]
    shown = cloud.walk(f"all_tenants=1&changes-since={since}&limit=1")
    assert [page[0]["status"] if page else None for page in shown] == [
        "DELETED",
        shown[1][0]["status"],
        None,
    ]
    assert shown[0][0]["OS-SRV-USG:terminated_at"] is not None
    assert cloud.ids(f"all_tenants=1&changes-since={cloud.since()}") == []
    fraction = since.replace("Z", ".000001Z")
    assert cloud.ids(f"all_tenants=1&changes-since={fraction}") == []
    assert len(cloud.ids("all_tenants=1&changes-since=2024-01-01T00:00:00Z")) == 40


def test_an_address_changes_without_updated_so_only_a_listing_sees_it(offline: Offline) -> None:
    cloud = offline(servers=40)
    before = {one["id"]: one for page in cloud.walk("all_tenants=1") for one in page}
    uuid = cloud.churn.mutate("address")[0].facts.id.decode()
    after = {one["id"]: one for page in cloud.walk("all_tenants=1") for one in page}
    changed = {key for key in after[uuid] if after[uuid][key] != before[uuid][key]}
    assert changed == {"addresses"}
    assert cloud.ids(f"all_tenants=1&changes-since={cloud.since(60)}") == []


def test_a_member_sees_its_project_and_nothing_else(offline: Offline) -> None:
    cloud = offline(servers=60)
    (page,) = cloud.walk("", user="demo1")
    own = {server["tenant_id"] for server in page}
    assert own == {cloud.accounts.projects[1].id}
    assert len(page) == 3
    status, name, text = error(cloud.ask("/servers/detail?all_tenants=1", user="demo1"))
    assert (status, name) == (403, "forbidden")
    assert "os_compute_api:servers:detail:get_all_tenants" in text
    assert cloud.ask(f"/servers/{cloud.born(0)}", user="demo1").status == 404
    assert cloud.ask(f"/servers/{page[0]['id']}", user="demo1").status == 200
    assert cloud.ask("/servers/detail?deleted=1", user="demo1").status == 200


def test_an_admin_without_all_tenants_sees_the_own_project(offline: Offline) -> None:
    cloud = offline(servers=60)
    assert cloud.ids("") == [cloud.born(birth) for birth in (40, 20, 0)]
    project = cloud.accounts.projects[2].id
    assert cloud.ids(f"all_tenants=1&project_id={project}") == cloud.ids("", user="demo2")


@pytest.mark.parametrize(
    ("version", "status", "name"),
    [("2.105", 406, "computeFault"), ("3.1", 406, "computeFault"), ("two", 400, "badRequest")],
)
def test_a_microversion_out_of_range_is_refused(
    offline: Offline, version: str, status: int, name: str
) -> None:
    assert error(offline().ask("/servers", version=version))[:2] == (status, name)


def test_the_answer_names_its_microversion(offline: Offline) -> None:
    cloud = offline()
    assert cloud.ask("/servers", version=None).headers["OpenStack-API-Version"] == "compute 2.1"
    latest = cloud.ask("/servers", version="latest")
    assert latest.headers["X-OpenStack-Nova-API-Version"] == "2.104"
    legacy = {"x-openstack-nova-api-version": "2.30"}
    answer = cloud.ask("/servers", version=None, headers=legacy)
    assert answer.headers["OpenStack-API-Version"] == "compute 2.30"


def test_a_write_is_refused(offline: Offline) -> None:
    assert offline().ask("/servers", method="POST", body={}).status == 405
