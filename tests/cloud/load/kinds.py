# SPDX-License-Identifier: Apache-2.0
"""The kinds of entities that a load makes and changes; Neutron's are in ``networking``."""

from typing import Any, ClassVar

from tests.cloud.load.entity import Entity
from tests.cloud.load.rest import RefusedError

TEMPLATE = """
heat_template_version: wallaby
parameters:
  length: {type: number}
resources:
  nothing: {type: OS::Heat::None}
  password: {type: OS::Heat::RandomString, properties: {length: {get_param: length}}}
  slow: {type: OS::Heat::TestResource, properties: {value: {get_param: length}, wait_secs: 1}}
  volume: {type: OS::Cinder::Volume, properties: {size: 1}}
  server:
    type: OS::Nova::Server
    properties: {flavor: m1.nano, image: dummy, networks: [{allocate_network: none}],
                 user_data_format: RAW}
outputs:
  password: {value: {get_attr: [password, value]}}
"""


class Server(Entity):
    kind, service, path = "server", "compute", "/servers"
    needs = frozenset({"nova", "glance", "neutron"})
    operations: ClassVar[tuple[str, ...]] = ("rename", "metadata", "stop_or_start")

    def new(self) -> dict[str, Any]:
        shared = [{"uuid": self.ingredients.network}]
        return {
            "flavorRef": self.ingredients.flavor,
            "imageRef": self.ingredients.image,
            "networks": self.chance.choice(["none", shared]),
        }

    def stop_or_start(self) -> str | None:
        """Stop it if it runs, else start it."""
        operation = "start" if self.show()["status"] == "SHUTOFF" else "stop"
        return self.do(operation, "POST", self.url("/action"), {f"os-{operation}": None})


class ServerWithVolumes(Server):
    """A server whose volumes come and go."""

    needs = Server.needs | {"cinder"}
    operations = (*Server.operations, "volume")

    def volume(self) -> str | None:
        """Take off a volume if there is one, else put on a new one."""
        volume = Volume(self.project, self.ingredients, self.truth, self.chance)
        attachments = self.url("/os-volume_attachments")
        if attached := self.show()["os-extended-volumes:volumes_attached"]:
            volume.id = attached[0]["id"]
            want = {"volume": volume.id}
            done = self.do("detach", "DELETE", f"{attachments}/{volume.id}", want=want)
            volume.settle()
            return done
        if volume.create() != "available":
            return None
        body = {"volumeAttachment": {"volumeId": volume.id}}
        done = self.do("attach", "POST", attachments, body, {"volume": volume.id})
        volume.settle()
        return done


class Volume(Entity):
    kind, service, path = "volume", "block-storage", "/volumes"
    needs = frozenset({"cinder"})
    operations = ("rename", "metadata", "extend")

    def new(self) -> dict[str, Any]:
        return {"size": 1}

    def extend(self) -> str | None:
        """Make it larger by 1 GiB."""
        size = self.show()["size"] + 1
        body = {"os-extend": {"new_size": size}}
        return self.do("extend", "POST", self.url("/action"), body, {"size": size})


class Stack(Entity):
    kind, service, path = "stack", "orchestration", "/stacks"
    needs = frozenset({"heat", "nova", "cinder"})
    operations = ("update", "update", "suspend_or_resume")

    def state(self, shown: dict[str, Any]) -> str | None:
        return str(shown["stack_status"])

    def show(self) -> dict[str, Any]:
        shown = super().show()
        self.name = shown["stack_name"]
        if shown["stack_status"] == "DELETE_COMPLETE":  # Heat still shows it by id
            raise RefusedError(404, "deleted")
        return shown

    def url(self, suffix: str = "") -> str:
        # By id alone Heat answers with a redirect.
        return f"/stacks/{self.name}/{self.id}{suffix}"

    def create(self) -> str | None:
        self.name = self.new_name()
        want = {"length": self.chance.randint(8, 64)}
        body = {"stack_name": self.name, "timeout_mins": 5, **self._fields(want)}
        return self.do("create", "POST", self.path, body, {"name": self.name, **want})

    def update(self) -> str | None:
        """Update it with another parameter."""
        want = {"length": self.chance.randint(8, 64)}
        return self.do("update", "PUT", self.url(), self._fields(want), want)

    def suspend_or_resume(self) -> str | None:
        """Suspend it if it is not suspended, else resume it."""
        suspended = self.show()["stack_status"] == "SUSPEND_COMPLETE"
        operation = "resume" if suspended else "suspend"
        return self.do(operation, "POST", self.url("/actions"), {operation: None})

    def _fields(self, parameters: dict[str, Any]) -> dict[str, Any]:
        return {"parameters": parameters, "template": TEMPLATE}


class Image(Entity):
    kind, service, path, bare = "image", "image", "/v2/images", True
    needs = frozenset({"glance"})
    stable = frozenset({"active", "queued"})

    def new(self) -> dict[str, Any]:
        return {"disk_format": "raw", "container_format": "bare"}

    def rename(self) -> str | None:
        name = self.new_name()
        patch = [{"op": "replace", "path": "/name", "value": name}]
        media = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
        return self.do("rename", "PATCH", self.url(), patch, {"name": name}, **media)
