# SPDX-License-Identifier: Apache-2.0
"""Which entities Neutron's notifications speak of."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synchronizer.plugin import Hint
from synchronizer.plugin.conformance import Notified
from synchronizer_plugins.neutron.kinds import KINDS
from synchronizer_plugins.neutron.notifications import hints
from tests.support.neutron_notifications import GROUP, NETWORK, NOTIFIED, PORT, RULE, SUBNET

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)


@pytest.mark.parametrize("notified", NOTIFIED, ids=lambda notified: notified.event_type)
def test_every_notification_names_its_entities_once(notified: Notified) -> None:
    found = [(hint.type, hint.id) for hint in hints(notified.event_type, notified.payload)]
    assert len(found) == len(set(found))
    assert set(found) == notified.hints


def test_hints_are_of_types_that_exist() -> None:
    known = {kind.type.name for kind in KINDS}
    told = {
        hint.type for notified in NOTIFIED for hint in hints(notified.event_type, notified.payload)
    }
    assert told == known


def test_the_end_of_a_delete_is_told_as_such_and_what_held_it_is_not() -> None:
    rule = {"id": RULE, "security_group_id": GROUP}
    payload = {"security_group_rule_id": RULE, "security_group_rule": rule}
    assert list(hints("security_group_rule.delete.end", payload)) == [
        Hint("neutron.security_group_rule", RULE, deleted=True),
        Hint("neutron.security_group", GROUP),
    ]
    network = {"network_id": NETWORK, "network": {"id": NETWORK, "subnets": [SUBNET]}}
    assert all(hint.deleted for hint in hints("network.delete.end", network))


def test_a_port_of_an_interface_that_is_removed_may_live_on() -> None:
    payload = {"router_interface": {"id": "r", "port_id": PORT}}
    assert not any(hint.deleted for hint in hints("router.interface.delete", payload))


def test_tags_of_older_releases_name_their_entity_otherwise() -> None:
    payload = {"parent_resource": "security-groups", "parent_resource_id": GROUP, "tags": []}
    assert list(hints("tag.update.end", payload)) == [Hint("neutron.security_group", GROUP)]


@pytest.mark.parametrize(
    "event_type",
    ["", "network", "network.", "network.create", "network.create.end.x", "trunk.create.end"],
)
def test_what_is_no_event_of_these_types_is_of_no_interest(event_type: str) -> None:
    assert list(hints(event_type, {"network": {"id": NETWORK}, "trunk": {"id": "t"}})) == []


@given(
    st.sampled_from([notified.event_type for notified in NOTIFIED]),
    st.dictionaries(
        st.sampled_from(
            [
                *("network", "networks", "network_id", "security_group", "subnet", "tag"),
                *("router_interface", "rbac_policy", "obj_resource", "obj_resource_id"),
            ]
        ),
        _JSON,
    ),
)
def test_garbage_is_no_error(event_type: str, payload: dict[str, Any]) -> None:
    for hint in hints(event_type, payload):
        assert isinstance(hint.id, str)
        assert hint.id
