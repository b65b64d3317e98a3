# SPDX-License-Identifier: Apache-2.0
"""What Cinder lists, and how."""

from synchronizer.plugin import EntityType
from synchronizer.plugin.openstack import Kind, by_links
from synchronizer_plugins.cinder import changes, shapes, visibility

#: What Cinder allows at most unless it is configured otherwise; it quietly clamps more.
PAGE_SIZE = 1000

#: A plain member who says this gets the own project's, without a word.
ALL_PROJECTS = {"all_tenants": "1"}

#: They hold the id of the asker's own project.
LINKS = frozenset({"links"})

#: Names a key in the key manager.
KEYS = frozenset({"encryption_key_id"})

VOLUME = Kind(
    type=EntityType(
        "cinder.volume",
        volatile=LINKS,
        sensitive=KEYS,
        scope_field="os-vol-tenant-attr:tenant_id",
    ),
    path="/volumes/detail",
    plural="volumes",
    query=ALL_PROJECTS,
    paging=by_links("volumes_links", PAGE_SIZE),
    one="/volumes/{id}",
    singular="volume",
    changes=changes.updated_since,
    created=changes.created_since,
)

SNAPSHOT = Kind(
    type=EntityType("cinder.snapshot", scope_field="os-extended-snapshot-attributes:project_id"),
    path="/snapshots/detail",
    plural="snapshots",
    query=ALL_PROJECTS,
    paging=by_links("snapshots_links", PAGE_SIZE),
    one="/snapshots/{id}",
    singular="snapshot",
)

BACKUP = Kind(
    type=EntityType(
        "cinder.backup",
        volatile=LINKS,
        sensitive=KEYS,
        scope_field="os-backup-project-attr:project_id",
    ),
    path="/backups/detail",
    plural="backups",
    query=ALL_PROJECTS,
    paging=by_links("backups_links", PAGE_SIZE),
    one="/backups/{id}",
    singular="backup",
)

VOLUME_TYPE = Kind(
    type=EntityType("cinder.volume_type"),
    path="/types",
    plural="volume_types",
    query={"is_public": "None"},  # both
    # A marker that it does not know is no error to Cinder here, unlike everywhere else.
    paging=by_links("volume_type_links", PAGE_SIZE, restarts=True),
    one="/types/{id}",
    singular="volume_type",
    vouches=visibility.vouches,
    doubt=visibility.doubt,
)

SERVICE = Kind(
    type=EntityType("cinder.service", volatile=frozenset({"updated_at"})),
    path="/os-services",
    plural="services",
    shape=shapes.service,
)

POOL = Kind(
    type=EntityType("cinder.pool", volatile=frozenset({"timestamp"})),
    path="/scheduler-stats/get_pools",
    plural="pools",
    query={"detail": "true"},
    shape=shapes.pool,
)

KINDS = (VOLUME, SNAPSHOT, BACKUP, VOLUME_TYPE, SERVICE, POOL)
