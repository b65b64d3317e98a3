# SPDX-License-Identifier: Apache-2.0
"""Role assignments: their ids, and what of them vouches."""

import json
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from synchronizer_plugins.keystone import assignments
from synchronizer_plugins.keystone.assignments import ASSIGNMENTS, made_id, with_id
from synchronizer_plugins.keystone.kinds import without_federated

#: Of Keystone itself, of LDAP, of bootstrap, of federation.
IDS = st.from_regex(r"[A-Za-z0-9_.@-]{1,64}", fullmatch=True)


def assignment(actor: str, who: str, role: str, scope: dict[str, Any]) -> dict[str, Any]:
    link = {"assignment": f"http://127.0.0.1/v3/{who}"}
    return {"links": link, "scope": scope, actor: {"id": who}, "role": {"id": role}}


SCOPES = st.one_of(
    st.builds(lambda id_: {"project": {"id": id_}}, IDS),
    st.builds(lambda id_: {"domain": {"id": id_}}, IDS),
    st.builds(lambda id_: {"domain": {"id": id_}, "OS-INHERIT:inherited_to": "projects"}, IDS),
    st.just({"system": {"all": True}}),
)
ASSIGNED = st.builds(assignment, st.sampled_from(["user", "group"]), IDS, IDS, SCOPES)


@given(ASSIGNED)
def test_the_id_comes_first_and_the_rest_is_as_keystone_wrote_it(given_: dict[str, Any]) -> None:
    text = with_id(json.dumps(given_).encode())
    shown = json.loads(bytes(text))
    assert next(iter(shown)) == "id"
    assert {name: value for name, value in shown.items() if name != "id"} == given_


@given(ASSIGNED, ASSIGNED)
def test_different_assignments_have_different_ids(one: dict[str, Any], two: dict[str, Any]) -> None:
    ids = [json.loads(bytes(with_id(json.dumps(each).encode())))["id"] for each in (one, two)]
    same = all(one.get(key) == two.get(key) for key in ("user", "group", "role", "scope"))
    assert (ids[0] == ids[1]) is same


@given(IDS, IDS, IDS, st.booleans())
def test_an_id_can_be_taken_apart_again(who: str, role: str, where: str, inherited: bool) -> None:
    match = re.fullmatch(
        assignments._ID, made_id(role=role, user=who, project=where, inherited=inherited)
    )
    assert match is not None
    assert (match["actor"], match["who"], match["role"]) == ("user", who, role)
    assert (match["scope"], match["where"]) == ("project", where)
    assert bool(match["inherited"]) is inherited


def test_what_is_no_assignment_gets_no_id() -> None:
    for text in (
        b"[]",
        b"{}",
        b'{"role": {"id": "r"}, "scope": {}, "user": {"id": "u"}}',
        b'{"role": {"id": "r"}, "scope": {"project": {"id": "p"}}}',
        b'{"role": {"id": "r"}, "scope": {"project": {"id": "p"}}, "user": null, "group": null}',
        b"\xff",
    ):
        assert with_id(text) == text


def test_those_on_the_system_and_on_another_domain_vouch() -> None:
    vouches = ASSIGNMENTS.vouches
    assert vouches is not None
    assert vouches({"scope": {"system": {"all": True}}}, "default")
    assert vouches({"scope": {"domain": {"id": "other"}}}, "default")
    assert not vouches({"scope": {"domain": {"id": "default"}}}, "default")
    assert not vouches({"scope": {"project": {"id": "p"}}}, "default")
    assert not vouches({}, "default")


def test_a_users_identities_elsewhere_are_left_out_as_in_a_listing() -> None:
    user = {"id": "u", "name": '"federated"', "federated": [{"idp_id": "i"}]}
    kept = without_federated(json.dumps(user).encode())
    assert json.loads(bytes(kept)) == {"id": "u", "name": '"federated"'}


def test_a_user_without_them_keeps_its_bytes() -> None:
    for text in (b'{"id": "u"}', b'{"id": "u", "name": "\\"federated\\""}', b'["federated"]'):
        assert without_federated(text) == text
