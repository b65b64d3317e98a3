# SPDX-License-Identifier: Apache-2.0
"""Requests that change something, or show a secret: whoever may only look is refused each."""

from collections.abc import Iterator
from typing import Any, NamedTuple

#: "Not allowed", and "there is no such thing" of what is hidden.
REFUSED = {403, 404}
TEMPLATE = "{heat_template_version: wallaby, resources: {nothing: {type: 'OS::Heat::None'}}}"
PATCH = "application/openstack-images-v2.1-json-patch"
_VERSIONS = {"compute": "compute 2.90", "block-storage": "volume 3.70"}


class Request(NamedTuple):
    """`service`: its type in the catalogue."""

    service: str
    method: str
    path: str
    body: Any = None

    def send(self, session: Any) -> int:
        """The status of the answer."""
        headers = {"OpenStack-API-Version": _VERSIONS.get(self.service, "")}
        if self.method == "PATCH" and self.service == "image":
            headers["Content-Type"] = PATCH
        answer = session.request(
            self.path,
            self.method,
            json=self.body,
            headers=headers,
            redirect=False,
            raise_exc=False,
            endpoint_filter={"service_type": self.service, "interface": "public"},
        )
        return int(answer.status_code)


def requests(plugin: str, cloud: Any) -> Iterator[Request]:
    """For one plugin's service, about things of others; `cloud`: an administrator's connection."""
    return {
        "nova": _nova,
        "cinder": _cinder,
        "heat": _heat,
        "neutron": _neutron,
        "glance": _glance,
        "keystone": _keystone,
    }[plugin](cloud)


def _nova(cloud: Any) -> Iterator[Request]:
    compute = cloud.compute
    server = next(compute.servers(all_projects=True))
    flavor = next(compute.flavors(is_public=None))
    group = next(compute.server_groups(all_projects=True))
    aggregate = next(compute.aggregates())
    service = next(compute.services())
    new = {"name": "x", "flavorRef": flavor.id, "imageRef": "", "networks": "none"}
    yield Request("compute", "POST", "/servers", {"server": new})
    yield Request("compute", "PUT", f"/servers/{server.id}", {"server": {"name": "x"}})
    yield Request("compute", "DELETE", f"/servers/{server.id}")
    actions: tuple[dict[str, Any], ...] = (
        {"reboot": {"type": "SOFT"}},
        {"os-resetState": {"state": "error"}},
        {"lock": None},
        {"os-getConsoleOutput": {}},
    )
    for action in actions:
        yield Request("compute", "POST", f"/servers/{server.id}/action", action)
    size = {"name": "x", "ram": 64, "vcpus": 1, "disk": 0}
    yield Request("compute", "POST", "/flavors", {"flavor": size})
    yield Request("compute", "DELETE", f"/flavors/{flavor.id}")
    access = {"addTenantAccess": {"tenant": cloud.current_project_id}}
    yield Request("compute", "POST", f"/flavors/{flavor.id}/action", access)
    yield Request("compute", "POST", "/os-aggregates", {"aggregate": {"name": "x"}})
    yield Request("compute", "DELETE", f"/os-aggregates/{aggregate.id}")
    yield Request("compute", "PUT", f"/os-services/{service.id}", {"status": "disabled"})
    body = {"server_group": {"name": "x", "policy": "affinity"}}
    yield Request("compute", "POST", "/os-server-groups", body)
    yield Request("compute", "DELETE", f"/os-server-groups/{group.id}")
    quota = {"quota_set": {"instances": 1}}
    yield Request("compute", "PUT", f"/os-quota-sets/{cloud.current_project_id}", quota)


def _cinder(cloud: Any) -> Iterator[Request]:
    storage = cloud.block_storage
    volume = next(storage.volumes(all_projects=True))
    snapshot = next(storage.snapshots(all_projects=True))
    type_ = next(storage.types())
    yield Request("block-storage", "POST", "/volumes", {"volume": {"size": 1}})
    yield Request("block-storage", "PUT", f"/volumes/{volume.id}", {"volume": {"name": "x"}})
    yield Request("block-storage", "DELETE", f"/volumes/{volume.id}")
    actions: tuple[dict[str, Any], ...] = (
        {"os-reset_status": {"status": "error"}},
        {"os-force_delete": {}},
        {"os-initialize_connection": {"connector": {}}},
    )
    for action in actions:
        yield Request("block-storage", "POST", f"/volumes/{volume.id}/action", action)
    body = {"snapshot": {"volume_id": volume.id}}
    yield Request("block-storage", "POST", "/snapshots", body)
    body = {"snapshot": {"name": "x"}}
    yield Request("block-storage", "PUT", f"/snapshots/{snapshot.id}", body)
    yield Request("block-storage", "DELETE", f"/snapshots/{snapshot.id}")
    yield Request("block-storage", "POST", "/types", {"volume_type": {"name": "x"}})
    yield Request("block-storage", "DELETE", f"/types/{type_.id}")
    host = {"binary": "cinder-volume", "host": "node1@fake"}
    yield Request("block-storage", "PUT", "/os-services/disable", host)
    quota = {"quota_set": {"volumes": 1}}
    yield Request("block-storage", "PUT", f"/os-quota-sets/{cloud.current_project_id}", quota)


def _heat(cloud: Any) -> Iterator[Request]:
    stack = next(cloud.orchestration.stacks())
    one = f"/stacks/{stack.name}/{stack.id}"
    new = {"stack_name": "x", "template": TEMPLATE}
    yield Request("orchestration", "POST", "/stacks", new)
    yield Request("orchestration", "DELETE", one)
    # These show parameters and outputs.
    for path in ("", "/template", "/environment", "/outputs", "/resources"):
        yield Request("orchestration", "GET", f"{one}{path}")


def _neutron(cloud: Any) -> Iterator[Request]:
    network, port = next(cloud.network.networks()), next(cloud.network.ports())
    group, agent = next(cloud.network.security_groups()), next(cloud.network.agents())
    yield Request("network", "POST", "/v2.0/networks", {"network": {"name": "x"}})
    for kind, id_ in (("network", network.id), ("port", port.id), ("security_group", group.id)):
        path = f"/v2.0/{kind.replace('_', '-')}s/{id_}"
        yield Request("network", "PUT", path, {kind: {"name": "x"}})
        yield Request("network", "DELETE", path)
    rule = {"security_group_id": group.id, "direction": "ingress"}
    path = "/v2.0/security-group-rules"
    yield Request("network", "POST", path, {"security_group_rule": rule})
    body = {"agent": {"admin_state_up": False}}
    yield Request("network", "PUT", f"/v2.0/agents/{agent.id}", body)


def _glance(cloud: Any) -> Iterator[Request]:
    image = next(image for image in cloud.image.images() if image.status == "active")
    new = {"name": "x", "disk_format": "raw", "container_format": "bare"}
    yield Request("image", "POST", "/v2/images", new)
    rename = [{"op": "replace", "path": "/name", "value": "x"}]
    yield Request("image", "PATCH", f"/v2/images/{image.id}", rename)
    yield Request("image", "GET", f"/v2/images/{image.id}/file")
    yield Request("image", "POST", f"/v2/images/{image.id}/actions/deactivate")
    yield Request("image", "DELETE", f"/v2/images/{image.id}")


def _keystone(cloud: Any) -> Iterator[Request]:
    keystone = cloud.identity
    user, admin = cloud.current_user_id, keystone.find_role("admin").id
    secret = keystone.create_credential(
        user_id=user, type="totp", blob="JBSWY3DPEHPK3PXP", project_id=cloud.current_project_id
    )
    body = {"project": {"name": "x", "domain_id": "default"}}
    yield Request("identity", "POST", "/projects", body)
    yield Request("identity", "POST", "/users", {"user": {"name": "x", "domain_id": "default"}})
    yield Request("identity", "PATCH", f"/users/{user}", {"user": {"name": "x"}})
    path = f"/projects/{cloud.current_project_id}/users/{user}/roles/{admin}"
    yield Request("identity", "PUT", path)
    yield Request("identity", "DELETE", f"/services/{next(keystone.services()).id}")
    yield Request("identity", "GET", f"/credentials/{secret.id}")
    keystone.delete_credential(secret)
