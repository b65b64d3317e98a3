# SPDX-License-Identifier: Apache-2.0
"""Cinder, as it runs in the cloud."""

import contextlib
from typing import ClassVar

from keystoneauth1 import exceptions

from synchronizer.plugin import EntityType
from synchronizer_plugins.cinder.plugin import CinderPlugin
from tests.acceptance.cloud.running import RunningCloud
from tests.acceptance.cloud.sources.real import RealSource

#: Type -> path, and the key of one in requests and answers.
_PATHS = {
    "cinder.volume": ("/volumes", "volume"),
    "cinder.snapshot": ("/snapshots", "snapshot"),
    "cinder.backup": ("/backups", "backup"),
    "cinder.volume_type": ("/types", "volume_type"),
}


class CinderSource(RealSource):
    """Volumes, snapshots and types come and go; services and pools are the cloud's own.

    Where no cinder-backup runs, a backup can be asked for, ends in an error and cannot be
    deleted: then one is left in the cloud, for all that come after.
    """

    plugin_class = CinderPlugin
    service_type = "block-storage"
    headers: ClassVar[dict[str, str]] = {"OpenStack-API-Version": "volume 3.70"}
    changes_show_deletes = False

    def __init__(self, cloud: RunningCloud) -> None:
        super().__init__(cloud)
        self._volume: str | None = None
        services = self.call("GET", "/os-services")["services"]
        self._has_backup_service = any(s["binary"] == "cinder-backup" for s in services)
        for path, type_name in (("/snapshots", "cinder.snapshot"), ("/backups", "cinder.backup")):
            if not self.call("GET", f"{path}?all_tenants=1&limit=1")[path[1:]]:
                self.create(EntityType(type_name))
        self.create(EntityType("cinder.volume_type"))

    def creatable(self, type_: EntityType) -> bool:
        if type_.name == "cinder.backup":
            return self._has_backup_service
        return type_.name in _PATHS

    def create(self, type_: EntityType) -> str:
        path, key = _PATHS[type_.name]
        body = {"name": self.new_name(key)}
        if type_.name == "cinder.volume":
            body["size"] = 1
        elif type_.name == "cinder.volume_type":
            body["os-volume-type-access:is_public"] = False
        else:
            body["volume_id"] = self._a_volume()
        id_ = str(self.call("POST", path, {key: body})[key]["id"])
        if type_.name != "cinder.backup" or self._has_backup_service:
            self._later.callback(self.delete, type_, id_)
        self._settle(type_, id_)
        return id_

    def update(self, type_: EntityType, id_: str) -> None:
        path, key = _PATHS[type_.name]
        self.call("PUT", f"{path}/{id_}", {key: {"name": self.new_name("renamed")}})

    def delete(self, type_: EntityType, id_: str) -> None:
        path, _ = _PATHS[type_.name]
        with contextlib.suppress(exceptions.NotFound):
            self.call("DELETE", f"{path}/{id_}")
        self.gone(f"{path}/{id_}")

    def _a_volume(self) -> str:
        """One for snapshots and backups, which stays as long as they do."""
        if self._volume is None:
            self._volume = self.create(EntityType("cinder.volume"))
        return self._volume

    def _settle(self, type_: EntityType, id_: str) -> None:
        if type_.name == "cinder.volume_type":
            return  # has no states
        path, key = _PATHS[type_.name]
        wanted = {"available"} if self.creatable(type_) else {"available", "error"}
        self.settled(
            f"{path}/{id_} to be {' or '.join(sorted(wanted))}",
            lambda: self.call("GET", f"{path}/{id_}")[key]["status"] in wanted,
        )
