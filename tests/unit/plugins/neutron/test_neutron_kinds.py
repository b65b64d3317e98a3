# SPDX-License-Identifier: Apache-2.0
"""What of Neutron's entities is put in order, vouches for what is seen, and is not found."""

import json
from typing import Any

import pytest

from synchronizer.plugin.openstack import Answer
from synchronizer_plugins.neutron import visibility
from synchronizer_plugins.neutron.kinds import KINDS, NETWORKS, changed_since
from synchronizer_plugins.neutron.notfound import says_hidden, says_not_found
from synchronizer_plugins.neutron.order import in_order

ID = "815ee9b5-0ffc-48aa-89c1-fe1b0acff827"


def text(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


# --- order ---------------------------------------------------------------------


@pytest.mark.parametrize("zones", [[], ["az1"], ["az1", "az2"], ["a,b"]])
def test_what_is_in_order_is_handed_on_as_it_came(zones: list[str]) -> None:
    given = text(id=ID, availability_zones=zones, tags=["b", "a"])
    assert in_order("availability_zones")(given) is given


def test_zones_are_put_in_order_and_nothing_else() -> None:
    given = {"id": ID, "tags": ["b", "a"], "availability_zones": ["az2", "az1"], "mtu": 1450}
    ordered = json.loads(bytes(in_order("availability_zones")(text(**given))))
    assert ordered == {**given, "availability_zones": ["az1", "az2"]}


def test_a_name_that_looks_like_the_field_is_no_such_field() -> None:
    given = text(name='"availability_zones": ["b","a"]', availability_zones=[])
    assert in_order("availability_zones")(given) is given


@pytest.mark.parametrize(
    "given",
    [
        b'{"availability_zones": [1, 0]}',
        b'{"availability_zones": null, "x": [1, 2]}',
        b'{"availability_zones": ["b", "a"',
        b'{"a": {"availability_zones": ["b", "a"]}}',
        b"7",
    ],
)
def test_what_is_of_another_form_is_handed_on_as_it_came(given: bytes) -> None:
    assert in_order("availability_zones")(given) is given


# --- vouching --------------------------------------------------------------------


def test_a_network_vouches_if_only_an_administrator_sees_it() -> None:
    foreign = {"project_id": "p2", "shared": False, "router:external": False}
    assert visibility.of_network(foreign, "p1")
    assert not visibility.of_network(foreign, "p2")
    assert not visibility.of_network({**foreign, "shared": True}, "p1")
    assert not visibility.of_network({**foreign, "router:external": True}, "p1")


def test_a_network_that_does_not_say_whether_it_is_shared_does_not_vouch() -> None:
    assert not visibility.of_network({"project_id": "p2"}, "p1")


def test_a_security_group_vouches_unless_it_is_shared() -> None:
    assert visibility.of_security_group({"project_id": "p2"}, "p1")
    assert not visibility.of_security_group({"project_id": "p2", "shared": True}, "p1")
    assert not visibility.of_security_group({"project_id": "p1"}, "p1")


def test_every_agent_vouches() -> None:
    assert visibility.of_agent({"id": ID}, "p1")


# --- filters and errors ------------------------------------------------------------


def test_an_instant_is_rounded_down_to_the_second() -> None:
    assert changed_since(1_700_000_000_999_999) == {"changed_since": "2023-11-14T22:13:20Z"}


def test_every_type_that_keeps_timestamps_can_be_asked_for_changes() -> None:
    assert [kind.type.name for kind in KINDS if kind.changes is None] == ["neutron.agent"]
    assert NETWORKS.type.volatile == {"updated_at"}


def answer(error: Any, status: int = 404) -> Answer:
    body = error if isinstance(error, bytes) else text(NeutronError=error)
    return Answer(f"GET /v2.0/networks/{ID}", status, {}, body, None)


def test_neutrons_own_word_is_believed() -> None:
    error = {"type": "NetworkNotFound", "message": f"Network {ID} could not be found."}
    assert says_not_found(answer({**error, "detail": ""}), ID)
    assert not says_hidden(answer(error))


@pytest.mark.parametrize(
    "error",
    [
        {"type": "NetworkNotFound", "message": "Network another could not be found."},
        {"type": "NetworkNotFound", "message": f"Network {ID}0 could not be found."},
        {"type": "HTTPNotFound", "message": "The resource could not be found."},
        {"type": "HTTPNotFound", "message": f"no {ID} ."},
        {"message": f"Network {ID} could not be found."},
        [],
        b"<html>404</html>",
        b"",
    ],
)
def test_nobody_elses_404_is(error: Any) -> None:
    assert not says_not_found(answer(error), ID)


def test_what_its_policy_hides_is_told_from_what_is_not_there() -> None:
    hidden = {"type": "HTTPNotFound", "message": "The resource could not be found."}
    assert says_hidden(answer(hidden))
    assert not says_hidden(answer(hidden, 400))
    assert not says_hidden(answer(b"<html>"))
