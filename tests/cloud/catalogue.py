# SPDX-License-Identifier: Apache-2.0
"""What each OpenStack service is made of: its processes, databases and endpoint."""

from collections.abc import Iterable
from dataclasses import dataclass

from tests.cloud.errors import CloudError


@dataclass(frozen=True, slots=True)
class Service:
    """One OpenStack service.

    ``config`` is its template's name without ``.conf``; ``path`` what its endpoint
    adds to http://127.0.0.1:PORT; ``workers`` are commands without arguments.
    """

    name: str
    kind: str
    path: str
    api: str
    application: str
    config: str
    databases: tuple[str, ...]
    workers: tuple[str, ...] = ()
    needs: tuple[str, ...] = ("keystone",)


SERVICES = {
    service.name: service
    for service in (
        Service(
            name="keystone",
            kind="identity",
            path="/v3",
            api="keystone",
            application="keystone.wsgi.api:application",
            config="keystone",
            databases=("keystone",),
            needs=(),
        ),
        Service(
            name="placement",
            kind="placement",
            path="",
            api="placement",
            application="placement.wsgi.api:application",
            config="placement",
            databases=("placement",),
        ),
        Service(
            name="glance",
            kind="image",
            path="",
            api="glance-api",
            application="glance.wsgi.api:application",
            config="glance-api",
            databases=("glance",),
        ),
        Service(
            name="neutron",
            kind="network",
            path="",
            api="neutron-api",
            application="neutron.wsgi.api:application",
            config="neutron",
            databases=("neutron",),
            workers=("neutron-rpc-server", "neutron-periodic-workers"),
        ),
        Service(
            name="nova",
            kind="compute",
            path="/v2.1",
            api="nova-api",
            application="nova.wsgi.osapi_compute:application",
            config="nova",
            databases=("nova_api", "nova_cell0", "nova_cell1"),
            workers=("nova-conductor", "nova-scheduler"),
            needs=("keystone", "placement", "glance", "neutron"),
        ),
        Service(
            name="cinder",
            kind="block-storage",
            path="/v3/%(project_id)s",
            api="cinder-api",
            application="cinder.wsgi.api:application",
            config="cinder",
            databases=("cinder",),
            workers=("cinder-scheduler", "cinder-volume"),
            needs=("keystone", "glance"),
        ),
        Service(
            name="heat",
            kind="orchestration",
            path="/v1/%(project_id)s",
            api="heat-api",
            application="heat.wsgi.api:application",
            config="heat",
            databases=("heat",),
            workers=("heat-engine",),
            needs=("keystone", "nova", "cinder"),
        ),
    )
}

# What a test of the Nova plugin needs: volumes are attached to servers.
NOVA = frozenset({"nova", "cinder"})


def closure(names: Iterable[str]) -> frozenset[str]:
    """Add to ``names`` every service that they need."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in SERVICES:
            raise CloudError(f"no such service: {name} (there are {', '.join(SERVICES)})")
        if name not in found:
            found.add(name)
            waiting.extend(SERVICES[name].needs)
    return frozenset(found)
