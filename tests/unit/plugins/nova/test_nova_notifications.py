# SPDX-License-Identifier: Apache-2.0
"""Which entities Nova's own notifications are hints at."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synchronizer.plugin import Hint
from synchronizer_plugins.nova import kinds
from synchronizer_plugins.nova.notifications import hints
from synchronizer_plugins.nova.plugin import NovaPlugin
from tests.unit.plugins.nova.recorded import recorded, subject_of

RECORDED = recorded()

#: Where the notification has the id, `ID` stands for it.
ID = "the id in the payload"
SERVER = Hint("nova.server", ID)
GROUP = Hint("nova.server_group", ID)
FLAVOR = Hint("nova.flavor", ID)
AGGREGATE = Hint("nova.aggregate", ID)
SERVICES = Hint("nova.service", None)

EXPECTED: dict[str, list[Hint]] = {
    "flavor.create": [FLAVOR],
    "flavor.update": [FLAVOR],
    "flavor.delete": [dataclasses.replace(FLAVOR, deleted=True)],
    "servergroup.create": [GROUP],
    "server_group.create": [GROUP],
    "servergroup.addmember": [GROUP],
    "server_group.add_member": [GROUP],
    "servergroup.delete": [dataclasses.replace(GROUP, deleted=True)],
    "server_group.delete": [dataclasses.replace(GROUP, deleted=True)],
    "aggregate.create.start": [],
    "aggregate.create.end": [AGGREGATE, SERVICES],
    "aggregate.updateprop.end": [AGGREGATE, SERVICES],
    "aggregate.update_prop.end": [AGGREGATE, SERVICES],
    "aggregate.updatemetadata.end": [AGGREGATE, SERVICES],
    "aggregate.update_metadata.end": [AGGREGATE, SERVICES],
    "aggregate.addhost.end": [AGGREGATE, SERVICES],
    "aggregate.add_host.end": [AGGREGATE, SERVICES],
    "aggregate.removehost.end": [AGGREGATE, SERVICES],
    "aggregate.remove_host.end": [AGGREGATE, SERVICES],
    "aggregate.delete.end": [dataclasses.replace(AGGREGATE, deleted=True), SERVICES],
    "service.update": [Hint("nova.service", ID), Hint("nova.hypervisor", None)],
    "compute.instance.update": [SERVER],
    "instance.update": [SERVER],
    "compute.instance.create.end": [SERVER],
    "instance.create.end": [SERVER],
    "compute.instance.power_off.end": [SERVER],
    "instance.power_off.end": [SERVER],
    "instance.lock": [SERVER],
    "compute.instance.delete.start": [SERVER],
    "instance.delete.start": [SERVER],
    "compute.instance.delete.end": [dataclasses.replace(SERVER, deleted=True)],
    "instance.delete.end": [dataclasses.replace(SERVER, deleted=True)],
    "compute_task.build_instances": [SERVER],
    "compute_task.build_instances.error": [SERVER],
    "scheduler.select_destinations.end": [],
    "compute.exception": [],
    "get_host_uptime": [],
    "add_host_to_aggregate": [],
}


def expected(event_type: str, payload: dict[str, Any]) -> list[Hint]:
    """The older form of an aggregate's has a number, which is no id of ours."""
    id_ = subject_of(payload)
    return [
        dataclasses.replace(hint, id=id_, deleted=hint.deleted and id_ is not None)
        if hint.id == ID
        else hint
        for hint in EXPECTED[event_type]
    ]


@pytest.mark.parametrize(("event_type", "payload"), RECORDED)
def test_what_nova_sent_hints_at_what_it_speaks_of(
    event_type: str, payload: dict[str, Any]
) -> None:
    assert list(hints(event_type, payload)) == expected(event_type, payload)


def test_every_kind_of_notification_was_recorded() -> None:
    assert {event_type for event_type, _ in RECORDED} == set(EXPECTED)


def test_a_service_that_runs_no_servers_says_nothing_of_hypervisors() -> None:
    data = {"uuid": "s1", "binary": "nova-conductor"}
    payload = {"nova_object.name": "ServiceStatusPayload", "nova_object.data": data}
    assert list(hints("service.create", payload)) == [Hint("nova.service", "s1")]
    assert list(hints("service.delete", payload)) == [Hint("nova.service", "s1", deleted=True)]


@pytest.mark.parametrize("event_type", ["instance.exists", "compute.instance.exists"])
def test_the_hourly_audit_of_all_servers_is_no_news(event_type: str) -> None:
    assert list(hints(event_type, {"uuid": "a", "instance_id": "a"})) == []


def test_a_soft_deleted_server_is_there() -> None:
    (hint,) = hints("instance.soft_delete.end", {"nova_object.data": {"uuid": "a"}})
    assert hint == Hint("nova.server", "a")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
payloads = json_values | st.dictionaries(
    st.sampled_from(["nova_object.data", "uuid", "instance_id", "flavorid", "aggregate_id"]),
    json_values,
)


@given(st.sampled_from([event for event, _ in RECORDED]) | st.text(), payloads)
def test_garbage_is_no_error_and_names_nothing_that_is_no_id(
    event_type: str, payload: object
) -> None:
    known = {kind.type.name for kind in kinds.KINDS}
    for hint in hints(event_type, payload):
        assert hint.type in known
        assert hint.id is None or (isinstance(hint.id, str) and hint.id)


@pytest.mark.parametrize("event_type", [None, 7, b"instance.update", ["instance.update"]])
def test_an_event_type_that_is_no_text_is_of_no_interest(event_type: object) -> None:
    assert list(hints(event_type, {"uuid": "a"})) == []


def test_novas_own_exchange_is_listened_to_in_both_forms() -> None:
    assert NovaPlugin.channels == (("nova", "versioned_notifications"), ("nova", "notifications"))
