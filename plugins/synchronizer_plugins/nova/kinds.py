# SPDX-License-Identifier: Apache-2.0
"""What Nova lists, and how."""

from synchronizer.plugin import EntityType
from synchronizer.plugin.openstack import UNPAGED, Kind, by_last_id, by_links, by_offset
from synchronizer_plugins.nova import inventory, servers

#: What Nova allows at most unless it is configured otherwise; it quietly clamps more.
PAGE_SIZE = 1000

SERVER = EntityType(
    name="nova.server",
    # Nothing of a server changes while nobody touches it; README.md says what was looked at.
    volatile=frozenset(),
    # What its owner hands to its first boot, often with passwords in it.
    sensitive=frozenset({"OS-EXT-SRV-ATTR:user_data", "adminPass"}),
    scope_field="tenant_id",
)

HYPERVISOR = EntityType(
    name="nova.hypervisor",
    volatile=frozenset(
        {
            # A text with the time of day and the load in it (from 2.88).
            "uptime",
            # Filled and emptied by servers and images as they come and go (up to 2.87).
            "current_workload",
            "disk_available_least",
            "free_disk_gb",
            "free_ram_mb",
            "local_gb_used",
            "memory_mb_used",
            "running_vms",
            "vcpus_used",
        }
    ),
)

SERVICE = EntityType(
    name="nova.service",
    # A heartbeat every 10 s; whether it is late shows in `state`.
    volatile=frozenset({"updated_at"}),
)

AGGREGATE = EntityType(name="nova.aggregate", id_field="uuid")

FLAVOR = EntityType(name="nova.flavor")

SERVER_GROUP = EntityType(name="nova.server_group", scope_field="project_id")

KINDS = (
    Kind(
        type=SERVER,
        path="/servers/detail",
        plural="servers",
        # A plain listing leaves out soft-deleted servers, which a GET does show.
        query={"all_tenants": "1", "soft_deleted": "1"},
        paging=by_links("servers_links", PAGE_SIZE),
        one="/servers/{id}",
        singular="server",
        changes=servers.changed_since,
        as_listed=servers.as_listed,
        sort=servers.sort,
    ),
    Kind(
        type=HYPERVISOR,
        path="/os-hypervisors/detail",
        plural="hypervisors",
        # One whose service was deleted is left out of its page, which then is not full and has
        # no link, in the middle of the listing as anywhere.
        paging=by_last_id(PAGE_SIZE, short_pages=True),
        one="/os-hypervisors/{id}",
        singular="hypervisor",
        microversion="2.53",  # below it ids are numbers of one cell
    ),
    Kind(
        type=SERVICE,
        path="/os-services",
        plural="services",
        paging=UNPAGED,
        sort=inventory.sort_services,
        microversion="2.69",  # below it the services of a down cell are left out without a word
    ),
    Kind(
        type=AGGREGATE,
        path="/os-aggregates",
        plural="aggregates",
        # A GET takes a number, which is no id: it is given to another one when databases are
        # made anew.
        paging=UNPAGED,
        microversion="2.41",  # below it there is no uuid
    ),
    Kind(
        type=FLAVOR,
        path="/flavors/detail",
        plural="flavors",
        query={"is_public": "None"},  # public and private ones
        paging=by_links("flavors_links", PAGE_SIZE),
        one="/flavors/{id}",
        singular="flavor",
        vouches=inventory.is_private,
        doubt=inventory.flavors_hidden,
    ),
    Kind(
        type=SERVER_GROUP,
        path="/os-server-groups",
        plural="server_groups",
        query={"all_projects": "True"},
        paging=by_offset(PAGE_SIZE),
        one="/os-server-groups/{id}",
        singular="server_group",
        shape=inventory.members_in_order,
        microversion="2.13",  # below it nothing tells whose a group is
    ),
)
