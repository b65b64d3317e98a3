# SPDX-License-Identifier: Apache-2.0
"""Keystone, as it runs in the cloud."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from synchronizer.plugin import EntityType
from synchronizer_plugins.keystone.plugin import KeystonePlugin
from tests.acceptance.cloud.sources.real import RealSource

ASSIGNMENT = "keystone.role_assignment"
_ABSENT = "0" * 32


class KeystoneSource(RealSource):
    """All types can be made and deleted; a role assignment cannot be changed."""

    plugin_class = KeystonePlugin
    service_type = "identity"

    def absent_id(self, type_: EntityType) -> str:
        if type_.name == ASSIGNMENT:
            return f"user:{_ABSENT},role:{_ABSENT},project:{_ABSENT}"
        return _ABSENT

    def create(self, type_: EntityType) -> str:
        if type_.name == ASSIGNMENT:
            return self._assign()
        kind = _kind(type_)
        id_ = str(self.call("POST", f"/{kind}s", {kind: self._new(kind)})[kind]["id"])
        self.later("DELETE", f"/{kind}s/{id_}")
        return id_

    def update(self, type_: EntityType, id_: str) -> None:
        if type_.name == ASSIGNMENT:
            pytest.skip("a role assignment is there or not, and never another one")
        kind = _kind(type_)
        changed = {"region_id": "RegionOne"} if kind == "endpoint" else {"description": "changed"}
        self.call("PATCH", f"/{kind}s/{id_}", {kind: changed})

    def delete(self, type_: EntityType, id_: str) -> None:
        if type_.name == ASSIGNMENT:
            self.call("DELETE", _grant(id_))
            self.gone(_grant(id_))
        else:
            kind = _kind(type_)
            self.call("DELETE", f"/{kind}s/{id_}")
            self.gone(f"/{kind}s/{id_}")

    def _new(self, kind: str) -> dict[str, Any]:
        name = self.new_name(kind)
        of_kind: Mapping[str, Callable[[], dict[str, Any]]] = {
            "project": lambda: {"name": name, "domain_id": "default", "tags": ["b", "a"]},
            "user": lambda: {"name": name, "domain_id": "default", "email": f"{name}@a.invalid"},
            # One that is enabled cannot be deleted.
            "domain": lambda: {"name": name, "enabled": False},
            "region": lambda: {"id": name, "parent_region_id": "RegionOne"},
            "service": lambda: {"name": name, "type": name},
            "endpoint": lambda: {
                "interface": "admin",
                "service_id": self._made("service"),
                "url": "http://127.0.0.1:1/$(project_id)s",
            },
        }
        return of_kind[kind]()

    def _made(self, kind: str) -> str:
        """The id of a new one that something else needs."""
        id_ = str(self.call("POST", f"/{kind}s", {kind: self._new(kind)})[kind]["id"])
        self.later("DELETE", f"/{kind}s/{id_}")
        return id_

    def _assign(self) -> str:
        user, project = self._made("user"), self._made("project")
        (role,) = self.call("GET", "/roles?name=member")["roles"]
        id_ = f"user:{user},role:{role['id']},project:{project}"
        self.call("PUT", _grant(id_))
        return id_


def _kind(type_: EntityType) -> str:
    return type_.name.partition(".")[2]


def _grant(id_: str) -> str:
    """The path of an assignment of a user in a project."""
    parts = dict(part.split(":") for part in id_.split(","))
    return f"/projects/{parts['project']}/users/{parts['user']}/roles/{parts['role']}"
