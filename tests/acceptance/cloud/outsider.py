# SPDX-License-Identifier: Apache-2.0
"""An administrator in a project of its own, with whom others share as much as services allow.

What it can still see as a plain member is what misleads: networks, images, flavors of others.
"""

import contextlib
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.acceptance.cloud.running import RunningCloud
from tests.cloud.settings import PASSWORD

ENTRY = "outsider"


class Outsider:
    """`name`: of its user and its project, new each time."""

    def __init__(self, cloud: RunningCloud, password: str) -> None:
        self._cloud = cloud
        self._password = password
        self.name = f"outsider-{uuid.uuid4().hex[:8]}"
        self.admin: Any = cloud.cloud.connect("cloud")
        self.undo = contextlib.ExitStack()
        keystone = self.admin.identity
        self.project = keystone.create_project(name=self.name, domain_id="default")
        self.user = keystone.create_user(name=self.name, domain_id="default", password=password)
        self.undo.callback(keystone.delete_project, self.project)
        self.undo.callback(keystone.delete_user, self.user)
        self._role = keystone.find_role("admin")
        self.give_role()
        member = keystone.find_role("member")
        keystone.assign_project_role_to_user(self.project, self.user, member)

    def give_role(self) -> None:
        self.admin.identity.assign_project_role_to_user(self.project, self.user, self._role)

    def take_role(self) -> None:
        self.admin.identity.unassign_project_role_from_user(self.project, self.user, self._role)

    def write_clouds(self, path: Path) -> None:
        auth = {
            "auth_url": self._cloud.auth_url,
            "username": self.name,
            "password": self._password,
            "project_name": self.name,
            "user_domain_name": "Default",
            "project_domain_name": "Default",
        }
        entry = {"region_name": "RegionOne", "auth": auth}
        path.write_text(json.dumps({"clouds": {ENTRY: entry}}))

    def share(self) -> None:
        """Makes what it sees as a plain member of others, and what it does not."""
        self._networks()
        self._images()
        self._types()

    def _networks(self) -> None:
        own: Any = self._cloud.cloud.connect("demo1")
        neutron, theirs = self.admin.network, own.network
        outside = neutron.create_network(
            name=self.name, project_id=self.project.id, is_router_external=True, is_shared=True
        )
        self.undo.callback(neutron.delete_network, outside)
        subnet = neutron.create_subnet(
            network_id=outside.id, project_id=self.project.id, ip_version=4, cidr="10.9.0.0/24"
        )
        self.undo.callback(neutron.delete_subnet, subnet)
        router = theirs.create_router(
            name=self.name, external_gateway_info={"network_id": outside.id}
        )
        self.undo.callback(theirs.delete_router, router)
        port = theirs.create_port(network_id=outside.id, name=self.name)
        self.undo.callback(theirs.delete_port, port)
        address = theirs.create_ip(floating_network_id=outside.id)
        self.undo.callback(theirs.delete_ip, address)
        for shared in (False, True):
            network = neutron.create_network(
                name=f"{self.name}-theirs", project_id=own.current_project_id, is_shared=shared
            )
            self.undo.callback(neutron.delete_network, network)
            subnet = neutron.create_subnet(
                network_id=network.id,
                project_id=own.current_project_id,
                ip_version=4,
                cidr="10.10.0.0/24",
            )
            self.undo.callback(neutron.delete_subnet, subnet)
            port = theirs.create_port(network_id=network.id, name=self.name)
            self.undo.callback(theirs.delete_port, port)
        for shared in (False, True):
            group = theirs.create_security_group(name=f"{self.name}-{shared}")
            self.undo.callback(theirs.delete_security_group, group)
            if shared:
                policy = neutron.create_rbac_policy(
                    object_type="security_group",
                    object_id=group.id,
                    action="access_as_shared",
                    target_project_id=self.project.id,
                )
                self.undo.callback(neutron.delete_rbac_policy, policy)

    def _images(self) -> None:
        glance = self._cloud.cloud.connect("demo1").image
        for visibility in ("private", "shared", "community"):
            image = glance.create_image(
                name=self.name,
                visibility=visibility,
                disk_format="raw",
                container_format="bare",
                allow_duplicates=True,
            )
            self.undo.callback(glance.delete_image, image)
            if visibility == "shared":
                glance.add_member(image, member_id=self.project.id)
                member: Any = self.admin.connect_as(
                    username=self.name, password=self._password, project_name=self.name
                )
                member.image.update_member(self.project.id, image, status="accepted")

    def _types(self) -> None:
        for accessible in (True, False):
            name = f"{self.name}-{accessible}"
            flavor = self.admin.compute.create_flavor(
                name=name, ram=64, vcpus=1, disk=0, is_public=False
            )
            self.undo.callback(self.admin.compute.delete_flavor, flavor)
            cinder = self.admin.block_storage
            type_ = cinder.create_type(name=name, is_public=False)
            self.undo.callback(cinder.delete_type, type_)
            if accessible:
                self.admin.compute.flavor_add_tenant_access(flavor, self.project.id)
                cinder.add_type_access(type_, self.project.id)


@contextlib.contextmanager
def outsider(cloud: RunningCloud, password: str = PASSWORD) -> Iterator[Outsider]:
    found = Outsider(cloud, password)
    with found.undo:
        yield found
