# SPDX-License-Identifier: Apache-2.0
"""The type `keystone.role_assignment`. Keystone gives them no id and shows none by itself.

Here the id is made of the parts, which never change: who, which role, where:

    user:<id>,role:<id>,project:<id>
    group:<id>,role:<id>,domain:<id>,inherited
    user:<id>,role:<id>,system:all
"""

import re
from collections.abc import Mapping

import msgspec

from synchronizer.plugin import BadAnswer, EntityType, NotFound, Unclear
from synchronizer.plugin.openstack import Kind, Service, Text, documents, failure

_ID = re.compile(
    r"(?P<actor>user|group):(?P<who>[^,]+),role:(?P<role>[^,]+),"
    r"(?P<scope>project|domain|system):(?P<where>[^,]+)(?P<inherited>,inherited)?"
)


class _Thing(msgspec.Struct):
    id: str


class _Scope(msgspec.Struct):
    project: _Thing | None = None
    domain: _Thing | None = None
    system: dict[str, bool] | None = None
    inherited: str | None = msgspec.field(name="OS-INHERIT:inherited_to", default=None)


class _Assignment(msgspec.Struct):
    role: _Thing
    scope: _Scope
    user: _Thing | None = None
    group: _Thing | None = None


_assignments = msgspec.json.Decoder(_Assignment)


def made_id(
    *,
    role: str,
    user: str | None = None,
    group: str | None = None,
    project: str | None = None,
    domain: str | None = None,
    inherited: bool = False,
) -> str:
    """The id of an assignment; without a project and a domain it is one on the system."""
    who = f"group:{group}" if user is None else f"user:{user}"
    where = "system:all"
    if project is not None:
        where = f"project:{project}"
    elif domain is not None:
        where = f"domain:{domain}"
    return f"{who},role:{role},{where}{',inherited' if inherited else ''}"


def with_id(text: Text) -> Text:
    """An assignment as Keystone lists it, and its id in front."""
    try:
        known = _assignments.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return text  # it has no id: the sampler says so
    scope = known.scope
    if (known.user is None) == (known.group is None):
        return text
    if not (scope.project or scope.domain or scope.system):
        return text
    id_ = made_id(
        role=known.role.id,
        user=_id(known.user),
        group=_id(known.group),
        project=_id(scope.project),
        domain=_id(scope.domain),
        inherited=scope.inherited is not None,
    )
    return b'{"id": ' + msgspec.json.encode(id_) + b", " + bytes(text).lstrip()[1:]


def _id(thing: _Thing | None) -> str | None:
    return None if thing is None else thing.id


def _vouches(assignment: Mapping[str, object], own: str | None) -> bool:
    """Whoever has a role in one domain sees those on it and on its projects, alone."""
    scope = assignment.get("scope")
    if not isinstance(scope, dict):
        return False
    domain = scope.get("domain")
    other = domain.get("id") if isinstance(domain, dict) else None
    return "system" in scope or (isinstance(other, str) and other != own)


ASSIGNMENTS = Kind(
    type=EntityType("keystone.role_assignment"),
    # As they were granted, to users and groups: not what follows from them (`effective`). Names
    # (`include_names`) would cost Keystone a look-up each, and change with others' entities.
    path="/role_assignments",
    plural="role_assignments",
    shape=with_id,
    vouches=_vouches,
)


def get(keystone: Service, id_: str) -> bytes:
    """One assignment, from a listing of those with its parts.

    That the list lacks it is Keystone's own word that there is no such assignment.
    """
    match = _ID.fullmatch(id_)
    if match is None:
        raise Unclear("keystone: this is not the id of a role assignment")
    query = {f"{match['actor']}.id": match["who"], "role.id": match["role"]}
    scope = "scope.system" if match["scope"] == "system" else f"scope.{match['scope']}.id"
    query[scope] = match["where"]
    if match["inherited"]:
        query["scope.OS-INHERIT:inherited_to"] = "projects"
    answer = keystone.get(ASSIGNMENTS.path, query)
    if answer.status != 200:
        raise failure(answer, keystone.name)
    texts, rest = documents.page(answer, keystone.name, ASSIGNMENTS.plural, ("truncated",))
    if rest.get("truncated") is True:
        raise BadAnswer(f"keystone: the answer to {answer.request} is cut short")
    for text in map(with_id, texts):
        if documents.text(text, "id") == id_:
            return bytes(text)
    raise NotFound(f"keystone has no role assignment {id_}")
