# SPDX-License-Identifier: Apache-2.0
"""Which entities a notification of Cinder's speaks of.

Cinder notifies on oslo.messaging's default exchange, `openstack`, where others may, too.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from synchronizer.plugin import Hint

CHANNELS = (("openstack", "notifications"),)

VOLUME, SNAPSHOT, BACKUP, TYPE = (
    "cinder.volume",
    "cinder.snapshot",
    "cinder.backup",
    "cinder.volume_type",
)

#: By the first part of the event: the fields that name an entity, its own first. A backup
#: moves the status of what it is made of, and Cinder says nothing of that.
_NAMED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "volume": ((VOLUME, "volume_id"),),
    "snapshot": ((SNAPSHOT, "snapshot_id"),),
    "backup": (
        (BACKUP, "backup_id"),
        (BACKUP, "parent_id"),
        (VOLUME, "volume_id"),
        (SNAPSHOT, "snapshot_id"),
    ),
    "scheduler": ((VOLUME, "volume_id"), (SNAPSHOT, "snapshot_id"), (BACKUP, "backup_id")),
    "volume_type_extra_specs": ((TYPE, "type_id"),),
    "qos_specs": ((TYPE, "type_id"),),
}

#: Longer than any id of Cinder's.
_LONGEST = 255


def hints(event_type: str, payload: Mapping[str, Any]) -> Iterator[Hint]:
    """Those that it names; none for the event of another service, or a broken one."""
    family, _, rest = event_type.partition(".")
    if family == "volume_type":
        # The type itself or, in errors, its id.
        inner = payload.get("volume_types")
        id_ = inner.get("id") if isinstance(inner, Mapping) else payload.get("id")
        if _is_id(id_):
            yield Hint(TYPE, id_, deleted=rest == "delete" and isinstance(inner, Mapping))
        return
    for number, (type_, field) in enumerate(_NAMED.get(family, ())):
        id_ = payload.get(field)
        if _is_id(id_):
            yield Hint(type_, id_, deleted=number == 0 and rest == "delete.end")


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST
