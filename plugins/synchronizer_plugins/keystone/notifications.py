# SPDX-License-Identifier: Apache-2.0
"""What Keystone's notifications speak of. Both of its formats, basic and CADF, name the entity
in `resource_info`; role assignments come in CADF alone, and name their parts."""

from collections.abc import Iterator, Mapping
from typing import Any

from synchronizer.plugin import Hint
from synchronizer_plugins.keystone.assignments import ASSIGNMENTS, made_id
from synchronizer_plugins.keystone.kinds import (
    DOMAINS,
    ENDPOINTS,
    PROJECTS,
    REGIONS,
    SERVICES,
    USERS,
)

_NAMED = {
    kind.type.name.partition(".")[2]: kind.type.name
    for kind in (PROJECTS, USERS, DOMAINS, REGIONS, SERVICES, ENDPOINTS)
}
_PROJECT, _USER, _ASSIGNMENT = PROJECTS.type.name, USERS.type.name, ASSIGNMENTS.type.name

#: What goes with a deleted one, without a notification of its own.
_GO_WITH = {
    "project": (_ASSIGNMENT,),
    "user": (_ASSIGNMENT,),
    "group": (_ASSIGNMENT,),
    "role": (_ASSIGNMENT,),
    "domain": (_PROJECT, _USER, _ASSIGNMENT),
    "service": (ENDPOINTS.type.name,),
    "region": (REGIONS.type.name,),
}
_OPERATIONS = frozenset({"created", "updated", "deleted", "disabled"})


def hints(event_type: str, payload: Mapping[str, Any]) -> Iterator[Hint]:
    """Those for `identity.<resource>.<operation>`; all else is none of ours (logins)."""
    service, _, rest = event_type.partition(".")
    resource, _, operation = rest.partition(".")
    if service != "identity" or operation not in _OPERATIONS:
        return
    if payload.get("outcome") in ("failure", "pending"):
        return
    deleted = operation == "deleted"
    if resource == "role_assignment":
        yield Hint(_ASSIGNMENT, _assignment(payload), deleted)
    elif resource == "project tag":  # names the tag, and not the project
        yield Hint(_PROJECT, None)
    elif resource in _NAMED:
        yield Hint(_NAMED[resource], _text(payload, "resource_info"), deleted)
    if deleted:
        for type_ in _GO_WITH.get(resource, ()):
            yield Hint(type_, None)


def _assignment(payload: Mapping[str, Any]) -> str | None:
    """The id of the assignment that a notification tells of; None if it lacks a part."""
    role, user, group = (_text(payload, name) for name in ("role", "user", "group"))
    project, domain = _text(payload, "project"), _text(payload, "domain")
    if role is None or (user is None) == (group is None) or (project is None) == (domain is None):
        return None
    return made_id(
        role=role,
        user=user,
        group=group,
        project=project,
        domain=domain,
        inherited=payload.get("inherited_to_projects") is True,
    )


def _text(payload: Mapping[str, Any], name: str) -> str | None:
    value = payload.get(name)
    return value if isinstance(value, str) and value else None
