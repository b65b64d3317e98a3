# SPDX-License-Identifier: Apache-2.0
"""The kinds of entities that Keystone has."""

from typing import Any, ClassVar

from tests.cloud.load.entity import Entity


class Identity(Entity):
    """What Keystone has; it has no status, and changes at once."""

    service = "identity"
    needs = frozenset({"keystone"})

    def state(self, shown: dict[str, Any]) -> str | None:
        return "active"

    def rename(self) -> str | None:
        want = {"name": self.new_name()}
        return self.do("rename", "PATCH", self.url(), self.body(**want), want)

    def disable_or_enable(self) -> str | None:
        """Disable it if it is enabled, else enable it."""
        want = {"enabled": not self.show()["enabled"]}
        operation = "enable" if want["enabled"] else "disable"
        return self.do(operation, "PATCH", self.url(), self.body(**want), want)


class User(Identity):
    kind, path = "user", "/users"
    operations = ("rename", "disable_or_enable")


class Tenant(Identity):
    """A project that nothing else of the load works in."""

    kind, path = "project", "/projects"
    operations = ("rename", "disable_or_enable")

    def new(self) -> dict[str, Any]:
        return {"domain_id": "default"}


class Domain(Identity):
    kind, path = "domain", "/domains"
    operations = ("rename", "disable_or_enable")

    def delete(self) -> str | None:
        # One that is enabled cannot be deleted.
        self.project.call(self.service, "PATCH", self.url(), self.body(enabled=False))
        return super().delete()


class Region(Identity):
    """Its id is its first name; what it is called later is its description."""

    kind, path = "region", "/regions"

    def create(self) -> str | None:
        self.name = self.new_name()
        body = self.body(id=self.name, description=self.name)
        return self.do("create", "POST", self.path, body, {"description": self.name})

    def rename(self) -> str | None:
        want = {"description": self.new_name()}
        return self.do("rename", "PATCH", self.url(), self.body(**want), want)


class RoleAssignment(Identity):
    """A role of a group that is made for it, in the project that the load works in."""

    kind, path = "role_assignment", "/role_assignments"
    # There is nothing to change in one: whoever draws it looks at it.
    operations: ClassVar[tuple[str, ...]] = ("look",)
    group: str | None = None
    role: str | None = None

    def create(self) -> str | None:
        body = {"group": {"name": self.new_name(), "domain_id": "default"}}
        self.group = self.project.call(self.service, "POST", "/groups", body).json()["group"]["id"]
        self.role = self.project.get(self.service, "/roles?name=member")["roles"][0]["id"]
        return self.do("create", "PUT", self.url(), None, {"group": self.group})

    def look(self) -> str | None:
        """Change nothing."""
        return self.settle()[0]

    def delete(self) -> str | None:
        done = super().delete()
        self.project.call(self.service, "DELETE", f"/groups/{self.group}")
        return done

    def url(self, suffix: str = "") -> str:
        return f"/projects/{self.project.id}/groups/{self.group}/roles/{self.role}{suffix}"

    def show(self) -> dict[str, Any]:
        self.project.call(self.service, "GET", self.url())  # says no more than that it exists
        return {}

    def created_id(self, answer: dict[str, Any]) -> str:
        return f"group:{self.group},role:{self.role},project:{self.project.id}"
