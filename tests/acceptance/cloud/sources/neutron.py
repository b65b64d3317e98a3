# SPDX-License-Identifier: Apache-2.0
"""Neutron, as it runs in the cloud."""

from typing import Any, ClassVar

import pytest

from synchronizer.plugin import EntityType
from synchronizer.plugin.conformance import Notified
from synchronizer_plugins.neutron.kinds import AGENTS, KINDS
from synchronizer_plugins.neutron.plugin import NeutronPlugin
from tests.acceptance.cloud.sources.real import RealSource
from tests.support.neutron_notifications import NOTIFIED

_KINDS = {kind.type.name: kind for kind in KINDS}


class NeutronSource(RealSource):
    """Everything comes and goes, but the agents: those are the cloud's own."""

    plugin_class = NeutronPlugin
    service_type = "network"
    changes_show_deletes = False

    #: What each new entity needs beside a name.
    _new: ClassVar[dict[str, dict[str, Any]]] = {
        "subnet": {"ip_version": 4, "cidr": "192.0.2.0/24"},
        "security_group_rule": {"direction": "ingress", "protocol": "tcp"},
    }

    def creatable(self, type_: EntityType) -> bool:
        return type_.name != AGENTS.type.name

    def create(self, type_: EntityType) -> str:
        kind = _KINDS[type_.name]
        singular = str(kind.singular)
        # Not all have names; all have descriptions.
        body = {
            "description": self.new_name(singular),
            **self._new.get(singular, {}),
            **self._beside(singular),
        }
        return self._made(kind.path, singular, body)

    def update(self, type_: EntityType, id_: str) -> None:
        kind = _KINDS[type_.name]
        if kind.singular == "security_group_rule":
            pytest.skip("a rule never changes")
        body = {kind.singular: {"description": self.new_name("changed")}}
        self.call("PUT", f"/v2.0{kind.path}/{id_}", body)

    def delete(self, type_: EntityType, id_: str) -> None:
        path = f"/v2.0{_KINDS[type_.name].path}/{id_}"
        self.call("DELETE", path)
        self.gone(path)

    def notifications(self) -> list[Notified]:
        return NOTIFIED

    def _beside(self, singular: str) -> dict[str, Any]:
        """The ids of what it is part of, which is made for it."""
        if singular in {"subnet", "port"}:
            return {"network_id": self._made("/networks", "network", {})}
        if singular == "security_group_rule":
            fields = {"name": self.new_name("group")}
            group = self._made("/security-groups", "security_group", fields)
            return {"security_group_id": group}
        if singular == "floatingip":
            networks = self.call("GET", "/v2.0/networks?router:external=true&name=external")
            return {"floating_network_id": networks["networks"][0]["id"]}
        return {} if singular != "security_group" else {"name": self.new_name("group")}

    def _made(self, path: str, singular: str, fields: dict[str, Any]) -> str:
        made = self.call("POST", f"/v2.0{path}", {singular: fields})[singular]
        self.later("DELETE", f"/v2.0{path}/{made['id']}")
        return str(made["id"])
