# SPDX-License-Identifier: Apache-2.0
"""Which entities Keystone's notifications speak of, in both of its formats."""

from typing import Any

import pytest

from synchronizer.plugin import Hint
from synchronizer_plugins.keystone.notifications import hints

ID = "5e3ff0c4c9a54f5ab6b0c3c6a2b4d6e8"

BASIC = {"resource_info": ID, "request_id": "req-1"}
CADF = {
    "typeURI": "http://schemas.dmtf.org/cloud/audit/1.0/event",
    "eventType": "activity",
    "id": "0b5b3c2e-4f24-5c6f-9a4e-3f6a0b7f9d11",
    "action": "updated.user",
    "outcome": "success",
    "initiator": {"id": "8d9f", "user_id": "u1", "typeURI": "service/security/account/user"},
    "target": {"id": ID, "typeURI": "data/security/account/user"},
    "resource_info": ID,
}
ASSIGNED = {
    "outcome": "success",
    "target": {"id": "openstack:1"},
    "user": "u1",
    "project": "p1",
    "role": "r1",
    "inherited_to_projects": False,
}
ASSIGNMENT = "keystone.role_assignment"


@pytest.mark.parametrize("payload", [BASIC, CADF], ids=["basic", "cadf"])
@pytest.mark.parametrize("kind", ["project", "user", "domain", "region", "service", "endpoint"])
@pytest.mark.parametrize("operation", ["created", "updated", "disabled"])
def test_either_format_names_the_entity(payload: dict[str, Any], kind: str, operation: str) -> None:
    told = list(hints(f"identity.{kind}.{operation}", payload))
    assert told == [Hint(f"keystone.{kind}", ID)]


@pytest.mark.parametrize(
    ("kind", "others"),
    [
        ("endpoint", []),
        ("project", [ASSIGNMENT]),
        ("user", [ASSIGNMENT]),
        ("domain", ["keystone.project", "keystone.user", ASSIGNMENT]),
        ("service", ["keystone.endpoint"]),
        ("region", ["keystone.region"]),
    ],
)
def test_what_goes_with_a_deleted_one_is_to_be_listed_soon(kind: str, others: list[str]) -> None:
    told = list(hints(f"identity.{kind}.deleted", BASIC))
    assert told == [
        Hint(f"keystone.{kind}", ID, deleted=True),
        *(Hint(other, None) for other in others),
    ]


@pytest.mark.parametrize("kind", ["group", "role"])
def test_assignments_go_with_groups_and_roles(kind: str) -> None:
    assert list(hints(f"identity.{kind}.deleted", BASIC)) == [Hint(ASSIGNMENT, None)]
    assert list(hints(f"identity.{kind}.updated", BASIC)) == []


@pytest.mark.parametrize(
    ("changed", "id_"),
    [
        ({}, "user:u1,role:r1,project:p1"),
        ({"user": None, "group": "g1"}, "group:g1,role:r1,project:p1"),
        ({"project": None, "domain": "d1"}, "user:u1,role:r1,domain:d1"),
        (
            {"project": None, "domain": "d1", "inherited_to_projects": True},
            "user:u1,role:r1,domain:d1,inherited",
        ),
        ({"role": None}, None),
        ({"user": None}, None),
        ({"project": None}, None),
        ({"user": ["u1"]}, None),
    ],
)
def test_an_assignment_is_named_by_its_parts(changed: dict[str, Any], id_: str | None) -> None:
    payload = {**ASSIGNED, **changed}
    assert list(hints("identity.role_assignment.created", payload)) == [Hint(ASSIGNMENT, id_)]
    assert list(hints("identity.role_assignment.deleted", payload)) == [
        Hint(ASSIGNMENT, id_, deleted=True)
    ]


def test_an_assignment_that_failed_is_none() -> None:
    payload = {**ASSIGNED, "outcome": "failure"}
    assert list(hints("identity.role_assignment.created", payload)) == []


def test_a_projects_tag_does_not_name_the_project() -> None:
    told = list(hints("identity.project tag.created", {"resource_info": "blue"}))
    assert told == [Hint("keystone.project", None)]


@pytest.mark.parametrize(
    "event_type",
    [
        "identity.authenticate",
        "identity.user.internal",
        "identity.OS-TRUST:trust.created",
        "identity.credential.created",
        "identity.application_credential.deleted",
        "compute.user.created",
        "identity",
        "",
    ],
)
def test_what_is_of_no_interest_names_nothing(event_type: str) -> None:
    assert list(hints(event_type, CADF)) == []


def test_one_that_lacks_the_id_says_the_type() -> None:
    assert list(hints("identity.user.created", {})) == [Hint("keystone.user", None)]
