# SPDX-License-Identifier: Apache-2.0
"""Heat, as it runs in the cloud."""

import copy
from typing import Any

from keystoneauth1 import exceptions

from synchronizer.plugin import EntityType
from synchronizer_plugins.heat.plugin import HeatPlugin
from tests.acceptance.cloud.running import RunningCloud
from tests.acceptance.cloud.sources.real import RealSource

#: In a hidden parameter, and in an output.
HIDDEN, OUTPUT = "marker-of-a-hidden-parameter", "marker-of-an-output"

TEMPLATE = {
    "heat_template_version": "wallaby",
    "parameters": {"password": {"type": "string", "hidden": True}},
    "resources": {"nothing": {"type": "OS::Heat::None"}},
    "outputs": {"secret": {"value": OUTPUT}},
}


class HeatSource(RealSource):
    """Stacks come and go. Each has a hidden parameter and an output; one that failed quotes
    its parameter in the reason of its status."""

    plugin_class = HeatPlugin
    service_type = "orchestration"

    def __init__(self, cloud: RunningCloud) -> None:
        super().__init__(cloud)
        self._names: dict[str, str] = {}
        self._failed: str | None = None

    def secrets(self) -> list[str]:
        if self._failed is None:
            self._failed = self._fail()
        return [*super().secrets(), HIDDEN, OUTPUT]

    def create(self, type_: EntityType) -> str:
        id_ = self._start(_fields())
        self._becomes(id_, "CREATE_COMPLETE")
        return id_

    def update(self, type_: EntityType, id_: str) -> None:
        # Times are of whole seconds: only another tag is sure to show.
        self.call("PUT", self._path(id_), {**_fields(), "tags": self.new_name("tag")})
        self._becomes(id_, "UPDATE_COMPLETE")

    def delete(self, type_: EntityType, id_: str) -> None:
        try:
            self.call("DELETE", self._path(id_))
        except exceptions.NotFound:
            return
        # A GET of a deleted stack still shows it; a listing does not.
        self.settled(f"the stack {id_} to be gone", lambda: not self._listed(id_))

    def _fail(self) -> str:
        """Makes a stack that fails, and tells with what."""
        template: dict[str, Any] = copy.deepcopy(TEMPLATE)
        name = {"get_param": "password"}
        template["resources"]["network"] = {
            "type": "OS::Neutron::Net",
            "properties": {"name": name},
        }
        hidden = {"password": HIDDEN.ljust(300, "x")}  # too long for a name
        id_ = self._start({"template": template, "parameters": hidden})
        self._becomes(id_, "CREATE_FAILED")
        if HIDDEN not in self._listed(id_)[0]["stack_status_reason"]:
            raise AssertionError("the stack failed for another reason")
        return id_

    def _start(self, fields: dict[str, Any]) -> str:
        name = self.new_name("stack")
        body = {**fields, "stack_name": name, "timeout_mins": 5}
        id_ = str(self.call("POST", "/stacks", body)["stack"]["id"])
        self._names[id_] = name
        self._later.callback(self.delete, EntityType("heat.stack"), id_)
        return id_

    def _path(self, id_: str) -> str:
        # By the id alone, Heat answers with a redirection.
        return f"/stacks/{self._names[id_]}/{id_}"

    def _listed(self, id_: str) -> list[dict[str, Any]]:
        return list(self.call("GET", f"/stacks?id={id_}")["stacks"])

    def _becomes(self, id_: str, status: str) -> None:
        def has_become() -> bool:
            found = self._listed(id_)
            return bool(found) and found[0]["stack_status"] == status

        self.settled(f"the stack {id_} to be {status}", has_become)


def _fields() -> dict[str, Any]:
    return {"template": TEMPLATE, "parameters": {"password": HIDDEN}}
