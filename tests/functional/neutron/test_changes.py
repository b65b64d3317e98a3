# SPDX-License-Identifier: Apache-2.0
"""changed_since, which Neutron refuses unless its operator has turned filter validation off."""

import time

import msgspec
import pytest

from synchronizer.plugin import BadConfiguration
from synchronizer_plugins.neutron.kinds import AGENTS, PORTS
from tests.functional.neutron.conftest import MakePlugin
from tests.functional.neutron.smallneutron import SmallNeutron
from tests.support.scriptedcloud import ScriptedCloud


def test_changes_are_polled_where_the_operator_says_that_they_can_be(
    make_plugin: MakePlugin,
) -> None:
    assert not make_plugin().gets_changes(PORTS.type)
    assert make_plugin(changed_since=True).gets_changes(PORTS.type)
    assert not make_plugin(changed_since=True).gets_changes(AGENTS.type)


def test_what_changed_is_shown_page_by_page(
    make_plugin: MakePlugin, neutron: SmallNeutron, cloud: ScriptedCloud
) -> None:
    neutron.extensions.remove("filter-validation")
    for row in neutron.rows["/ports"]:
        row["updated_at"] = "2020-01-01T00:00:00Z"
    since = time.time_ns() // 1000
    moved = [row["id"] for row in neutron.rows["/ports"][:3]]
    for id_ in moved:
        neutron.change("/ports", id_, name="x")
    pages = list(make_plugin(changed_since=True).get_changes(PORTS.type, since))
    shown = [msgspec.json.decode(item)["id"] for page in pages for item in page.items]
    assert shown == moved
    assert [page.last for page in pages] == [False, True]
    ports = [request.query for request in cloud.requests if request.path.endswith("/ports")]
    assert all("changed_since" in query for query in ports)


def test_a_refusal_says_what_to_do(make_plugin: MakePlugin) -> None:
    with pytest.raises(BadConfiguration, match="filter_validation = false"):
        list(make_plugin(changed_since=True).get_changes(PORTS.type, 0))


def test_the_check_says_whether_changes_can_be_polled(
    make_plugin: MakePlugin, neutron: SmallNeutron
) -> None:
    assert list(make_plugin().check())[-1] == "neutron: changes are not polled"
    with pytest.raises(BadConfiguration, match="refuses it"):
        list(make_plugin(changed_since=True).check())
    neutron.extensions.remove("filter-validation")
    assert "set changed_since = true" in list(make_plugin().check())[-1]
    assert list(make_plugin(changed_since=True).check())[-1] == "neutron: changes are polled"
