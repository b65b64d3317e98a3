# SPDX-License-Identifier: Apache-2.0
"""Fills a new cloud: users and projects, the service catalogue, what servers are made from.

Everything here is safe to repeat.
"""

from collections.abc import Iterable
from typing import Any

from tests.cloud.catalogue import SERVICES
from tests.cloud.settings import PASSWORD, PROJECTS, REGION, Settings


def identity(cloud: Any, settings: Settings, services: Iterable[str]) -> None:
    """Make the users and projects, and a catalogue entry for each of these services."""
    keystone = cloud.identity
    roles = {name: _role(keystone, name) for name in ("admin", "member", "service")}
    service_project = _project(keystone, "service")
    for service in (SERVICES[name] for name in services):
        entry = next(keystone.services(type=service.kind), None)
        entry = entry or keystone.create_service(type=service.kind, name=service.name)
        # Users take "public"; the services among themselves take "internal".
        for interface in ("public", "internal"):
            if not list(keystone.endpoints(service_id=entry.id, interface=interface)):
                keystone.create_endpoint(
                    service_id=entry.id,
                    interface=interface,
                    url=settings.url(service.name),
                    region_id=REGION,
                )
        if service.name != "keystone":
            user = _user(keystone, service.name)
            for role in ("admin", "service"):
                keystone.assign_project_role_to_user(service_project, user, roles[role])
    # Projects with a user each, so that listings of all projects have something to
    # show; the admin may work in them too.
    for name in PROJECTS:
        project = _project(keystone, name)
        keystone.assign_project_role_to_user(project, _user(keystone, name), roles["member"])
        for role in ("admin", "member"):
            keystone.assign_project_role_to_user(project, _user(keystone, "admin"), roles[role])
    if "heat" in services:
        _heat_domain(keystone, roles["admin"])


def resources(cloud: Any, services: Iterable[str]) -> None:
    """Make flavors, an image and networks."""
    if "nova" in services:
        for name, ram, disk in (("m1.nano", 64, 0), ("m1.micro", 128, 1)):
            if not cloud.compute.find_flavor(name):
                cloud.compute.create_flavor(name=name, ram=ram, vcpus=1, disk=disk)
    if "glance" in services and not cloud.image.find_image("dummy"):
        cloud.create_image(
            "dummy",
            data=b"\0" * 1024,
            disk_format="raw",
            container_format="bare",
            visibility="public",
            wait=True,
        )
    if "neutron" in services:
        _network(cloud.network, "shared", "10.0.0.0/16", is_shared=True)
        _network(cloud.network, "external", "172.24.0.0/16", is_router_external=True)
        # Subnets come and go on it; a server's port would hold on to its own.
        _network(cloud.network, "subnets", None)


def _network(neutron: Any, name: str, cidr: str | None, **fields: bool) -> None:
    network = neutron.find_network(name) or neutron.create_network(name=name, **fields)
    if cidr and not list(neutron.subnets(network_id=network.id)):
        neutron.create_subnet(network_id=network.id, name=name, ip_version=4, cidr=cidr)


def _role(keystone: Any, name: str) -> Any:
    return keystone.find_role(name) or keystone.create_role(name=name)


def _project(keystone: Any, name: str) -> Any:
    found = keystone.find_project(name)
    return found or keystone.create_project(name=name, domain_id="default")


def _user(keystone: Any, name: str, domain: str = "default") -> Any:
    found = keystone.find_user(name, domain_id=domain)
    return found or keystone.create_user(name=name, domain_id=domain, password=PASSWORD)


def _heat_domain(keystone: Any, admin: Any) -> None:
    """Make Heat's own domain, and the role that users made by stacks get."""
    domain = keystone.find_domain("heat") or keystone.create_domain(name="heat")
    owner = _user(keystone, "heat_domain_admin", domain.id)
    keystone.assign_domain_role_to_user(domain, owner, admin)
    _role(keystone, "heat_stack_user")
