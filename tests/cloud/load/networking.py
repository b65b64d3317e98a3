# SPDX-License-Identifier: Apache-2.0
"""The kinds of Neutron's entities that a load makes and changes."""

from typing import Any, ClassVar

from tests.cloud.load.entity import Entity

NEUTRON = frozenset({"neutron"})


class Network(Entity):
    kind, service, path, needs = "network", "network", "/networks", NEUTRON


class Subnet(Entity):
    kind, service, path, needs = "subnet", "network", "/subnets", NEUTRON

    def new(self) -> dict[str, Any]:
        # One that is taken already is refused.
        cidr = f"10.{self.chance.randint(1, 255)}.{self.chance.randint(0, 255)}.0/24"
        return {"network_id": self.ingredients.subnets, "ip_version": 4, "cidr": cidr}

    def state(self, shown: dict[str, Any]) -> str | None:
        return "active"


class Port(Entity):
    kind, service, path, needs = "port", "network", "/ports", NEUTRON

    def new(self) -> dict[str, Any]:
        return {"network_id": self.ingredients.network}


class Router(Entity):
    kind, service, path, needs = "router", "network", "/routers", NEUTRON
    operations = ("rename", "gateway")

    def gateway(self) -> str | None:
        """Take off its gateway if it has one, else give it one; a port comes and goes with it."""
        has_one = self.show()["external_gateway_info"]
        want = None if has_one else {"network_id": self.ingredients.external}
        body = self.body(external_gateway_info=want)
        return self.do("gateway", "PUT", self.url(), body, {"gateway": not has_one})


class FloatingIp(Entity):
    """One that is associated with nothing; it has a description for a name."""

    kind, service, path, needs = "floating_ip", "network", "/floatingips", NEUTRON
    key = "floatingip"
    operations = ("describe",)

    def create(self) -> str | None:
        self.name = self.new_name()
        fields = {"floating_network_id": self.ingredients.external, "description": self.name}
        return self.do("create", "POST", self.path, self.body(**fields), {"name": self.name})

    def describe(self) -> str | None:
        """Give it another description."""
        name = self.new_name()
        return self.do("describe", "PUT", self.url(), self.body(description=name), {"name": name})


class SecurityGroup(Entity):
    kind, service, path = "security_group", "network", "/security-groups"
    needs = NEUTRON

    def state(self, shown: dict[str, Any]) -> str | None:
        return "active"


class SecurityGroupRule(Entity):
    """One of its project's default group; it has a description for a name, and never changes."""

    kind, service, path = "security_group_rule", "network", "/security-group-rules"
    needs = NEUTRON
    operations: ClassVar[tuple[str, ...]] = ("create", "delete")

    def create(self) -> str | None:
        self.name = self.new_name()
        port = self.chance.randint(1, 65535)
        body = self.body(
            security_group_id=self._default_group(),
            description=self.name,
            direction="ingress",
            protocol="tcp",
            port_range_min=port,
            port_range_max=port,
        )
        return self.do("create", "POST", self.path, body, {"name": self.name})

    def state(self, shown: dict[str, Any]) -> str | None:
        return "active"

    def _default_group(self) -> str:
        path = f"/security-groups?name=default&project_id={self.project.id}"
        return str(self.project.get(self.service, path)["security_groups"][0]["id"])
