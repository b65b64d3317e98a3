# SPDX-License-Identifier: Apache-2.0
"""Notifications as Cinder 29 sends them, and those that are none."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synchronizer.plugin import Hint
from synchronizer_plugins.cinder import notifications
from synchronizer_plugins.cinder.notifications import BACKUP, SNAPSHOT, TYPE, VOLUME

VOLUME_PAYLOAD = {
    "tenant_id": "79d5d4a8a11c4252b6b8edc7358f87b2",
    "host": "node1@fake#fake",
    "volume_id": "v1",
    "volume_type": "t1",
    "status": "available",
    "snapshot_id": "s9",
    "metadata": [{"key": "x", "value": "y"}],
}
SNAPSHOT_PAYLOAD = {"volume_id": "v1", "snapshot_id": "s1", "status": "deleted", "deleted": "True"}
BACKUP_PAYLOAD = {"backup_id": "b2", "volume_id": "v1", "parent_id": "b1", "snapshot_id": None}


def hints(event_type: str, payload: Mapping[str, Any]) -> list[Hint]:
    return list(notifications.hints(event_type, payload))


@pytest.mark.parametrize("event", ["create.end", "update.end", "resize.start", "attach.end"])
def test_an_event_of_a_volume_names_the_volume_alone(event: str) -> None:
    assert hints(f"volume.{event}", VOLUME_PAYLOAD) == [Hint(VOLUME, "v1")]


def test_an_event_of_a_snapshot_names_the_snapshot_alone() -> None:
    assert hints("snapshot.create.end", SNAPSHOT_PAYLOAD) == [Hint(SNAPSHOT, "s1")]


def test_a_backup_concerns_what_it_is_made_of() -> None:
    expected = [Hint(BACKUP, "b2"), Hint(BACKUP, "b1"), Hint(VOLUME, "v1")]
    assert hints("backup.create.start", BACKUP_PAYLOAD) == expected


def test_the_end_of_a_deletion_is_told_from_its_start() -> None:
    assert hints("volume.delete.start", VOLUME_PAYLOAD) == [Hint(VOLUME, "v1")]
    assert hints("volume.delete.end", VOLUME_PAYLOAD) == [Hint(VOLUME, "v1", deleted=True)]
    assert hints("snapshot.delete.end", SNAPSHOT_PAYLOAD) == [Hint(SNAPSHOT, "s1", deleted=True)]


def test_of_a_deleted_backup_only_itself_is_gone() -> None:
    gone = [hint for hint in hints("backup.delete.end", BACKUP_PAYLOAD) if hint.deleted]
    assert gone == [Hint(BACKUP, "b2", deleted=True)]


def test_a_volume_that_no_host_takes_is_told_by_the_scheduler() -> None:
    payload = {"volume_id": "v1", "state": "error", "request_spec": {}, "method": "create_volume"}
    assert hints("scheduler.create_volume", payload) == [Hint(VOLUME, "v1")]


@pytest.mark.parametrize(
    ("event", "payload", "deleted"),
    [
        ("volume_type.create", {"volume_types": {"id": "t1", "name": "n"}}, False),
        ("volume_type.update", {"volume_types": {"id": "t1", "name": "n"}}, False),
        ("volume_type.delete", {"volume_types": {"id": "t1", "name": "n"}}, True),
        ("volume_type.delete", {"volume_types": None, "id": "t1", "error_message": "no"}, False),
        ("volume_type_extra_specs.create", {"type_id": "t1", "specs": {"a": "b"}}, False),
        ("qos_specs.associate", {"id": "q1", "type_id": "t1"}, False),
    ],
)
def test_volume_types_are_named_in_several_ways(
    event: str, payload: dict[str, Any], deleted: bool
) -> None:
    assert hints(event, payload) == [Hint(TYPE, "t1", deleted=deleted)]


@pytest.mark.parametrize(
    "event", ["compute.instance.create.end", "port.create.end", "capacity.pool", "volume", "", "."]
)
def test_others_on_the_same_exchange_are_ignored(event: str) -> None:
    assert hints(event, {"id": "x", "instance_id": "i", "port": {"id": "p"}}) == []


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
fields = st.sampled_from(
    ["volume_id", "snapshot_id", "backup_id", "parent_id", "type_id", "volume_types", "id"]
)


@given(
    event=st.sampled_from(["volume.x", "snapshot.delete.end", "backup.y", "volume_type.delete"])
    | st.text(),
    payload=st.dictionaries(fields, json | st.dictionaries(st.just("id"), json)),
)
def test_garbage_is_no_error_and_names_nothing_but_texts(
    event: str, payload: dict[str, Any]
) -> None:
    for hint in hints(event, payload):
        assert isinstance(hint.id, str)
        assert 0 < len(hint.id) <= 255
