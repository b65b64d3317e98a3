# SPDX-License-Identifier: Apache-2.0
"""Peculiarities of compute services, flavors and server groups, as bytes."""

import msgspec
import pytest

from synchronizer_plugins.nova import inventory, kinds

WHOLE = b'{"id": "s1", "binary": "nova-compute", "host": "node1", "status": "enabled"}'
PARTIAL = b'{"binary": "nova-compute", "host": "node2", "status": "UNKNOWN"}'


def raw(*texts: bytes) -> tuple[bytes, list[msgspec.Raw]]:
    return b", ".join(texts), [msgspec.Raw(text) for text in texts]


def test_services_of_a_down_cell_are_left_out_and_a_problem() -> None:
    found = inventory.sort_services(*raw(WHOLE, PARTIAL))
    assert [bytes(item) for item in found.items] == [WHOLE]
    assert found.problems == [
        "a cell is down: the services of 1 hosts cannot be read, such as that of node2"
    ]


def test_without_a_down_cell_services_are_handed_on_as_they_are() -> None:
    body, services = raw(WHOLE)
    found = inventory.sort_services(body, services)
    assert found.items is services
    assert not found.problems


def test_a_service_that_is_whole_and_of_unknown_status_is_an_entity() -> None:
    found = inventory.sort_services(*raw(WHOLE.replace(b"enabled", b"UNKNOWN")))
    assert (len(found.items), found.problems) == (1, [])


def test_what_is_no_service_is_left_for_the_sampler_to_tell() -> None:
    found = inventory.sort_services(*raw(PARTIAL, b"[1]"))
    assert [bytes(item) for item in found.items] == [b"[1]"]


def test_members_of_a_group_are_in_one_order() -> None:
    one = inventory.members_in_order(b'{"id": "g", "members": ["b", "a", "c"], "rules": {"x" : 1}}')
    other = inventory.members_in_order(
        b'{"id": "g", "members": ["c", "b", "a"], "rules": {"x" : 1}}'
    )
    assert one == other == b'{"id":"g","members":["a","b","c"],"rules":{"x" : 1}}'


def test_a_group_whose_members_are_in_order_is_kept_byte_by_byte() -> None:
    group = b'{"id": "g",  "members": ["a", "b"]}'
    assert inventory.members_in_order(group) is group


@pytest.mark.parametrize(
    "text", [b"[]", b'{"id": "g", "members": 7}', b'{"id": "g"', b'{"id":"g"}']
)
def test_what_is_no_group_is_left_for_the_sampler_to_tell(text: bytes) -> None:
    assert inventory.members_in_order(text) == text


@pytest.mark.parametrize(
    ("flavor", "vouches"),
    [
        ({"os-flavor-access:is_public": False}, True),
        ({"os-flavor-access:is_public": True}, False),
        ({}, False),
    ],
)
def test_a_private_flavor_vouches_and_a_public_one_does_not(
    flavor: dict[str, object], vouches: bool
) -> None:
    assert inventory.is_private(flavor, "p1") is vouches


def test_each_kind_that_a_credential_sees_in_part_is_vouched_for() -> None:
    """The others are refused (403) to who is no administrator."""
    guarded = {
        kind.type.name for kind in kinds.KINDS if kind.type.scope_field or kind.vouches is not None
    }
    assert guarded == {"nova.server", "nova.flavor", "nova.server_group"}
