# SPDX-License-Identifier: Apache-2.0
"""Complete listings of Neutron, whatever becomes of the entity that a page ended with."""

from collections.abc import Iterable

import msgspec
import pytest

from synchronizer.plugin import EntityType, ListingBroken, NotPermitted, Page
from synchronizer_plugins.neutron.kinds import AGENTS, KINDS, NETWORKS, PORTS, ROUTERS, SUBNETS
from synchronizer_plugins.neutron.plugin import NeutronPlugin
from tests.functional.neutron.conftest import MakePlugin
from tests.functional.neutron.smallneutron import SmallNeutron, filled
from tests.support.scriptedcloud import ScriptedCloud, html

_IDS = [kind.type.name for kind in KINDS]
PAGED = [kind for kind in KINDS if kind is not AGENTS]


def ids(pages: Iterable[Page]) -> list[str]:
    return [msgspec.json.decode(item)["id"] for each in pages for item in each.items]


@pytest.mark.parametrize("type_", [kind.type for kind in KINDS], ids=_IDS)
def test_every_entity_is_listed(
    plugin: NeutronPlugin, neutron: SmallNeutron, type_: EntityType
) -> None:
    pages = list(plugin.get_all(type_))
    path = next(kind.path for kind in KINDS if kind.type is type_)
    assert sorted(ids(pages)) == sorted(row["id"] for row in neutron.rows[path])
    assert [each.last for each in pages] == [False] * (len(pages) - 1) + [True]
    assert all(each.problems == () for each in pages)


def test_pages_are_asked_for_in_the_order_of_their_ids(
    plugin: NeutronPlugin, cloud: ScriptedCloud
) -> None:
    list(plugin.get_all(ROUTERS.type))
    assert len(cloud.requests) == 3
    for request in cloud.requests:
        assert request.query["sort_key"] == "id"
        assert request.query["limit"] == "2"


def test_unless_configured_otherwise_a_page_has_a_thousand(
    make_plugin: MakePlugin, cloud: ScriptedCloud
) -> None:
    list(make_plugin(page_size=0).get_all(PORTS.type))
    assert [request.query["limit"] for request in cloud.requests if "/ports" in request.path] == [
        "1000"
    ]


def test_agents_are_not_asked_for_in_pages_or_in_order(
    plugin: NeutronPlugin, cloud: ScriptedCloud
) -> None:
    """Older releases refuse both."""
    list(plugin.get_all(AGENTS.type))
    assert [request.query for request in cloud.requests] == [{}]


def test_pages_that_nobody_asked_for_are_followed_all_the_same(
    plugin: NeutronPlugin, neutron: SmallNeutron
) -> None:
    neutron.most = 2
    pages = list(plugin.get_all(AGENTS.type))
    assert len(ids(pages)) == 5
    assert [each.last for each in pages] == [False, False, True]


@pytest.mark.parametrize("kind", PAGED, ids=[kind.type.name for kind in PAGED])
def test_an_exactly_full_last_page_is_followed_by_an_empty_one(
    neutron: SmallNeutron, plugin: NeutronPlugin, cloud: ScriptedCloud, kind: object
) -> None:
    found = next(each for each in PAGED if each is kind)
    neutron.remove(found.path, neutron.rows[found.path][0]["id"])
    pages = list(plugin.get_all(found.type))
    # Of the rules two are of each direction.
    expected = [2, 2, 0] if len(found.parts) == 1 else [2, 0, 2, 0]
    assert [len(each.items) for each in pages] == expected
    assert all(each.problems == () for each in pages)


@pytest.mark.parametrize("kind", PAGED, ids=[kind.type.name for kind in PAGED])
def test_a_marker_that_is_gone_breaks_the_listing(
    neutron: SmallNeutron, plugin: NeutronPlugin, kind: object
) -> None:
    """Be it said, passed over, or taken for the end."""
    found = next(each for each in PAGED if each is kind)
    pages = plugin.get_all(found.type)
    neutron.remove(found.path, ids([next(pages)])[-1])
    with pytest.raises(ListingBroken):
        list(pages)


@pytest.mark.parametrize("cloud", ["/v2.0", "/networking", "/networking/v2.0"], indirect=True)
def test_the_version_is_added_to_an_endpoint_that_lacks_it(
    plugin: NeutronPlugin, cloud: ScriptedCloud
) -> None:
    assert len(ids(plugin.get_all(SUBNETS.type))) == 5
    version = "" if cloud.version.endswith("/v2.0") else "/v2.0"
    assert cloud.requests[0].path == f"{version}/subnets"


def test_what_an_extension_lacks_is_told_from_a_wrong_endpoint(
    plugin: NeutronPlugin, neutron: SmallNeutron, cloud: ScriptedCloud
) -> None:
    neutron.missing = {"/routers"}
    with pytest.raises(NotPermitted, match="has not loaded the extension"):
        list(plugin.get_all(ROUTERS.type))
    cloud.answer = lambda _request: html(404)
    with pytest.raises(Exception, match="is neutron's endpoint in the catalogue right"):
        list(plugin.get_all(NETWORKS.type))


def test_zones_are_in_one_order_in_a_listing_and_by_themselves(
    plugin: NeutronPlugin, neutron: SmallNeutron
) -> None:
    id_ = neutron.add(NETWORKS.path, availability_zones=["az2", "az1"])
    listed = [item for page in plugin.get_all(NETWORKS.type) for item in page.items]
    shown = [*listed, plugin.get(NETWORKS.type, id_)]
    assert [
        entity["availability_zones"]
        for entity in map(msgspec.json.decode, shown)
        if entity["id"] == id_
    ] == [["az1", "az2"]] * 2


def test_a_large_listing_is_whole(
    neutron: SmallNeutron, make_plugin: MakePlugin, cloud: ScriptedCloud
) -> None:
    neutron.rows = filled(101).rows
    assert len(ids(make_plugin(page_size=10).get_all(PORTS.type))) == 101
    assert sum(request.path.endswith("/ports") for request in cloud.requests) == 11
