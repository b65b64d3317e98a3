# SPDX-License-Identifier: Apache-2.0
"""Hypervisors, services, aggregates, flavors and server groups: whole, or said not to be."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from synchronizer.plugin import (
    BadConfiguration,
    EntityType,
    ListingBroken,
    NotFound,
    NotPermitted,
    Page,
    Plugin,
    PluginContext,
    Unclear,
)
from synchronizer_plugins.nova.kinds import (
    AGGREGATE,
    FLAVOR,
    HYPERVISOR,
    SERVER,
    SERVER_GROUP,
    SERVICE,
)
from synchronizer_plugins.nova.plugin import NovaPlugin
from tests.functional.nova.compute_api import ComputeApi
from tests.functional.nova.conftest import MakePlugin
from tests.functional.nova.scripted import Reply, Request, Scripted, page, server

ABSENT = "8a0a1c1e-0000-4000-8000-000000000000"

MakeOf = Callable[..., NovaPlugin]


@pytest.fixture
def api(cloud: Scripted) -> ComputeApi:
    """Three entities a page."""
    return ComputeApi(cloud)


def entities(pages: Iterator[Page] | list[Page]) -> list[dict[str, Any]]:
    return [msgspec.json.decode(item) for each in pages for item in each.items]


def listed(plugin: Plugin, type_: EntityType) -> list[str]:
    """Ids, of a listing that nothing speaks against."""
    pages = list(plugin.get_all(type_))
    assert [each.last for each in pages] == [False] * (len(pages) - 1) + [True]
    assert all(each.problems == () for each in pages)
    return [entity[type_.id_field] for entity in entities(pages)]


@pytest.mark.parametrize("size", [0, 1, 2, 5])
@pytest.mark.parametrize(
    ("type_", "field"),
    [
        (HYPERVISOR, "hypervisors"),
        (SERVICE, "services"),
        (AGGREGATE, "aggregates"),
        (FLAVOR, "flavors"),
        (SERVER_GROUP, "groups"),
    ],
)
def test_everything_is_listed_once_whatever_the_page(
    cloud: Scripted,
    api: ComputeApi,
    make_plugin: MakePlugin,
    type_: EntityType,
    field: str,
    size: int,
) -> None:
    plugin = make_plugin(cloud.auth_url, page_size=size)
    assert listed(plugin, type_) == [each[type_.id_field] for each in getattr(api, field)]


@pytest.mark.parametrize(
    ("type_", "path", "query"),
    [
        (HYPERVISOR, "/v2.1/os-hypervisors/detail", {"limit": "1000"}),
        (SERVICE, "/v2.1/os-services", {}),
        (AGGREGATE, "/v2.1/os-aggregates", {}),
        (FLAVOR, "/v2.1/flavors/detail", {"is_public": "None", "limit": "1000"}),
        (SERVER_GROUP, "/v2.1/os-server-groups", {"all_projects": "True", "limit": "1000"}),
    ],
)
def test_all_of_all_projects_is_asked_for(
    cloud: Scripted,
    api: ComputeApi,
    make_plugin: MakePlugin,
    type_: EntityType,
    path: str,
    query: dict[str, str],
) -> None:
    next(make_plugin(cloud.auth_url).get_all(type_))
    assert (cloud.requests[0].path, cloud.requests[0].query) == (path, query)


@pytest.mark.parametrize("type_", [HYPERVISOR, FLAVOR, SERVER_GROUP])
def test_one_reads_as_it_does_in_a_listing(
    api: ComputeApi, told: NovaPlugin, type_: EntityType
) -> None:
    for entity in entities(told.get_all(type_)):
        assert msgspec.json.decode(told.get(type_, entity["id"])) == entity
    with pytest.raises(NotFound):
        told.get(type_, ABSENT)


def test_types_that_nova_cannot_show_one_of_say_so(told: NovaPlugin) -> None:
    types = (SERVER, HYPERVISOR, FLAVOR, SERVER_GROUP, SERVICE, AGGREGATE)
    assert [told.gets_one(type_) for type_ in types] == [True] * 4 + [False] * 2
    assert [told.gets_changes(type_) for type_ in types] == [True] + [False] * 5


def test_hypervisors_behind_one_without_a_service_are_listed(
    api: ComputeApi, told: NovaPlugin
) -> None:
    """Nova leaves it out of its page, which then is not full and has no link."""
    ids = [each["id"] for each in api.hypervisors]
    api.orphans = {ids[1]}
    assert listed(told, HYPERVISOR) == [ids[0], *ids[2:]]


def test_a_server_group_that_goes_between_two_pages_breaks_the_listing(
    api: ComputeApi, told: NovaPlugin
) -> None:
    """All behind it move: one would be left out without a word."""
    pages = told.get_all(SERVER_GROUP)
    next(pages)
    api.delete("nova.server_group", api.groups[0]["id"])
    with pytest.raises(ListingBroken, match="moved while its pages were read"):
        list(pages)


def test_a_last_server_group_that_goes_between_two_pages_breaks_the_listing(
    cloud: Scripted, told: NovaPlugin
) -> None:
    def groups(*ids: str) -> Reply:
        return Reply(body={"server_groups": [{"id": id_, "members": []} for id_ in ids]})

    cloud.answers = [groups("a", "b"), groups()]
    with pytest.raises(ListingBroken, match="moved"):
        list(told.get_all(SERVER_GROUP))


def test_a_server_group_that_comes_between_two_pages_is_listed(
    api: ComputeApi, told: NovaPlugin
) -> None:
    pages = told.get_all(SERVER_GROUP)
    first = next(pages)
    new = api.create("nova.server_group")
    assert [each["id"] for each in entities([first, *pages])][-1] == new


def test_a_server_group_is_the_same_each_time(api: ComputeApi, told: NovaPlugin) -> None:
    """Though Nova has its members in another order."""
    one, other = (entities(told.get_all(SERVER_GROUP)) for _ in range(2))
    assert one == other


def test_services_of_a_down_cell_are_a_problem(api: ComputeApi, told: NovaPlugin) -> None:
    api.down_hosts = ["node2", "node3"]
    (only,) = told.get_all(SERVICE)
    assert len(only.items) == 6
    (problem,) = only.problems
    assert (
        "a cell is down: the services of 2 hosts cannot be read, such as that of node2" in problem
    )


@pytest.mark.parametrize(
    ("type_", "at", "needed"),
    [
        (HYPERVISOR, "2.52", "2.53"),
        (SERVICE, "2.68", "2.69"),
        (AGGREGATE, "2.9", "2.41"),
        (SERVER_GROUP, "2.12", "2.13"),
    ],
)
def test_below_its_microversion_a_type_is_not_read_and_servers_are(
    cloud: Scripted, make_plugin: MakePlugin, type_: EntityType, at: str, needed: str
) -> None:
    cloud.answers = [page(server("a"))]
    plugin = make_plugin(cloud.auth_url, microversion=at)
    with pytest.raises(BadConfiguration, match=f"is read from microversion {needed} on") as caught:
        next(plugin.get_all(type_))
    assert at in str(caught.value)
    assert len(cloud.requests) == 0
    assert listed(plugin, SERVER) == ["a"]


# --- who is no administrator (any longer) ------------------------------------------


def test_flavors_that_a_member_is_shown_are_said_not_to_be_all(
    cloud: Scripted, api: ComputeApi, told: NovaPlugin
) -> None:
    everything = listed(told, FLAVOR)
    cloud.roles = ["member"]
    pages = list(told.get_all(FLAVOR))
    seen = [entity["id"] for entity in entities(pages)]
    assert 0 < len(seen) < len(everything)
    assert [bool(each.problems) for each in pages] == [False] * (len(pages) - 1) + [True]
    assert "only public flavors" in pages[-1].problems[0]


def test_a_private_flavor_is_unclear_to_a_member_and_not_gone(
    cloud: Scripted, api: ComputeApi, told: NovaPlugin
) -> None:
    private = next(f["id"] for f in api.flavors if f["name"].startswith("private"))
    assert msgspec.json.decode(told.get(FLAVOR, private))["id"] == private
    cloud.roles = ["member"]
    with pytest.raises(Unclear, match="only public flavors"):
        told.get(FLAVOR, private)


def test_a_strange_answer_to_the_doubt_is_no_reassurance(cloud: Scripted, told: NovaPlugin) -> None:
    def answer(request: Request) -> Reply:
        status = 200 if request.path.endswith("/detail") else 404
        return Reply(status, {"flavors": []})

    cloud.answers = [answer]
    with pytest.raises(Exception, match="answered 404"):
        list(told.get_all(FLAVOR))


def test_server_groups_of_other_projects_vouch_for_what_is_seen(
    cloud: Scripted, api: ComputeApi, told: NovaPlugin
) -> None:
    """A member is shown those of the own project, with 200."""
    own = told.own_scope()
    everything = entities(told.get_all(SERVER_GROUP))
    cloud.roles = ["member"]
    seen = entities(told.get_all(SERVER_GROUP))
    assert any(told.vouches(SERVER_GROUP, group, own) for group in everything)
    assert seen
    assert not any(told.vouches(SERVER_GROUP, group, own) for group in seen)


@pytest.mark.parametrize("type_", [HYPERVISOR, SERVICE, AGGREGATE])
def test_what_is_for_administrators_alone_is_refused_to_a_member(
    cloud: Scripted, api: ComputeApi, told: NovaPlugin, type_: EntityType
) -> None:
    cloud.roles = ["member"]
    with pytest.raises(NotPermitted):
        list(told.get_all(type_))


def test_check_finds_out_that_flavors_are_hidden(
    cloud: Scripted, api: ComputeApi, make_plugin: MakePlugin
) -> None:
    sampled = PluginContext("c1", {}, frozenset({"nova.flavor"}))
    make_plugin(cloud.auth_url)  # its clouds.yaml
    plugin = NovaPlugin(sampled)
    try:
        assert list(plugin.check())[-1] == "nova: nova.flavor can be listed"
        cloud.roles = ["member"]
        with pytest.raises(NotPermitted, match="only public flavors"):
            list(plugin.check())
    finally:
        plugin.close()


def test_check_tells_of_each_type_what_is_wrong_and_of_the_others_that_they_are_well(
    cloud: Scripted, api: ComputeApi, make_plugin: MakePlugin
) -> None:
    sampled = PluginContext("c1", {}, frozenset({"nova.flavor", "nova.hypervisor", "nova.service"}))
    make_plugin(cloud.auth_url)  # its clouds.yaml
    plugin = NovaPlugin(sampled)
    try:
        cloud.roles = ["member"]
        with pytest.raises(NotPermitted) as refused:
            list(plugin.check())
        told = refused.value.kwargs["problems"]
        assert {line.partition(":")[0] for line in told} == {
            "nova.flavor",
            "nova.hypervisor",
            "nova.service",
        }
        assert all(line in refused.value.message for line in told)
    finally:
        plugin.close()
