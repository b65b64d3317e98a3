# SPDX-License-Identifier: Apache-2.0
"""Glance, as it runs in the cloud."""

from synchronizer.plugin import EntityType
from synchronizer_plugins.glance.plugin import GlancePlugin
from tests.acceptance.cloud.sources.real import RealSource

_PATCH = {"Content-Type": "application/openstack-images-v2.1-json-patch"}


class GlanceSource(RealSource):
    """Images without data, one of them hidden and one a community's."""

    plugin_class = GlancePlugin
    service_type = "image"
    # A filter by time cannot show what is not there.
    changes_show_deletes = False

    def create(self, type_: EntityType) -> str:
        body = {
            "name": self.new_name("image"),
            "disk_format": "raw",
            "container_format": "bare",
            "visibility": "community",
            "os_hidden": True,
            "tags": ["b", "a", "c"],
        }
        id_ = str(self.call("POST", "/v2/images", body)["id"])
        self.later("DELETE", f"/v2/images/{id_}")
        return id_

    def update(self, type_: EntityType, id_: str) -> None:
        patch = [
            {"op": "replace", "path": "/name", "value": self.new_name("renamed")},
            {"op": "replace", "path": "/os_hidden", "value": False},
        ]
        self.call("PATCH", f"/v2/images/{id_}", patch, **_PATCH)

    def delete(self, type_: EntityType, id_: str) -> None:
        self.call("DELETE", f"/v2/images/{id_}")
        self.gone(f"/v2/images/{id_}")
