# SPDX-License-Identifier: Apache-2.0
"""What is concluded from an answer to a credential that may not see everything, and what is not."""

import msgspec
import pytest

from synchronizer.plugin import NotFound, NotPermitted, Unclear
from synchronizer_plugins.neutron.kinds import (
    AGENTS,
    KINDS,
    NETWORKS,
    PORTS,
    RULES,
    SECURITY_GROUPS,
    SUBNETS,
)
from synchronizer_plugins.neutron.plugin import NeutronPlugin
from tests.functional.neutron.smallneutron import OWN, SmallNeutron


def test_an_agent_that_the_policy_hides_is_not_taken_for_gone(
    plugin: NeutronPlugin, neutron: SmallNeutron
) -> None:
    id_ = neutron.rows["/agents"][0]["id"]
    neutron.admin = False
    assert [list(page.items) for page in plugin.get_all(AGENTS.type)] == [[]]
    with pytest.raises(NotPermitted, match="its policy hides it"):
        plugin.get(AGENTS.type, id_)


@pytest.mark.parametrize("kind", KINDS, ids=[kind.type.name for kind in KINDS])
def test_what_is_not_there_is_not_found(plugin: NeutronPlugin, kind: object) -> None:
    type_ = next(each.type for each in KINDS if each is kind)
    with pytest.raises(NotFound):
        plugin.get(type_, "00000000-0000-4000-8000-00000000dead")


@pytest.mark.parametrize("kind", [NETWORKS, SECURITY_GROUPS, AGENTS])
def test_nothing_that_a_member_sees_vouches(
    plugin: NeutronPlugin, neutron: SmallNeutron, kind: object
) -> None:
    found = next(each for each in KINDS if each is kind)
    if found is not AGENTS:
        neutron.add(found.path, project="p2", shared=True)
    entities = [
        msgspec.json.decode(item) for page in plugin.get_all(found.type) for item in page.items
    ]
    assert any(plugin.vouches(found.type, entity, OWN) for entity in entities)
    neutron.admin = False
    seen = [msgspec.json.decode(item) for page in plugin.get_all(found.type) for item in page.items]
    assert not any(plugin.vouches(found.type, entity, OWN) for entity in seen)
    assert (found is AGENTS) == (not seen)


BLIND = [SUBNETS, PORTS, RULES]


@pytest.mark.parametrize("kind", BLIND, ids=[kind.type.name for kind in BLIND])
def test_a_listing_for_a_member_is_doubted_and_so_is_a_404(
    plugin: NeutronPlugin, neutron: SmallNeutron, kind: object
) -> None:
    """What others have on a network of its own, a member sees: it vouches for nothing."""
    found = next(each for each in BLIND if each is kind)
    id_ = neutron.add(found.path, project="p2")
    neutron.admin = False
    (*_, last) = plugin.get_all(found.type)
    assert any("give it a role that sees all projects" in problem for problem in last.problems)
    with pytest.raises(Unclear):
        plugin.get(found.type, id_)


@pytest.mark.parametrize("kind", BLIND, ids=[kind.type.name for kind in BLIND])
def test_who_sees_all_is_believed_whatever_the_policy_of_single_fields(
    plugin: NeutronPlugin, neutron: SmallNeutron, kind: object
) -> None:
    found = next(each for each in BLIND if each is kind)
    neutron.admin, neutron.global_reader = False, True
    assert all(page.problems == () for page in plugin.get_all(found.type))
    with pytest.raises(NotFound):
        plugin.get(found.type, "00000000-0000-4000-8000-00000000dead")


@pytest.mark.parametrize("kind", KINDS, ids=[kind.type.name for kind in KINDS])
def test_who_sees_all_and_is_no_administrator_is_listed_as_much(
    plugin: NeutronPlugin, neutron: SmallNeutron, kind: object
) -> None:
    found = next(each for each in KINDS if each is kind)

    def listed() -> list[str]:
        pages = plugin.get_all(found.type)
        return sorted(msgspec.json.decode(item)["id"] for page in pages for item in page.items)

    administrators = listed()
    neutron.admin, neutron.global_reader = False, True
    assert listed() == administrators != []


def test_a_cloud_without_networks_is_not_doubted(
    plugin: NeutronPlugin, neutron: SmallNeutron
) -> None:
    neutron.rows["/networks"] = []
    neutron.rows["/ports"] = []
    (only,) = plugin.get_all(PORTS.type)
    assert (only.last, only.problems) == (True, ())
