# SPDX-License-Identifier: Apache-2.0
"""The plugin for Glance: `glance.image`."""

from collections.abc import Iterable, Mapping
from typing import Any

from synchronizer.plugin import HearsNotifications, Hint
from synchronizer.plugin.openstack import (
    Answer,
    CloudAccess,
    OpenStackPlugin,
    Service,
    plain_adapter,
    version_prefix,
)
from synchronizer_plugins.glance import notfound, notifications
from synchronizer_plugins.glance.images import IMAGES


class GlancePlugin(OpenStackPlugin, HearsNotifications):
    """Images of all projects, as Glance shows them to an administrator."""

    service = "glance"
    service_type = "image"
    kinds = (IMAGES,)
    channels = (("glance", "notifications"),)

    def connect(self, access: CloudAccess) -> Service:
        # The catalogue has Glance with or without its version.
        adapter = plain_adapter(access)
        prefix = version_prefix(adapter, self.service, "/v2")
        return Service(self.service, access, adapter=adapter, prefix=prefix)

    def says_not_found(self, answer: Answer, id_: str) -> bool:
        return notfound.says_not_found(answer, id_)

    def on_notification(self, event_type: str, payload: Mapping[str, Any]) -> Iterable[Hint]:
        return notifications.hints(event_type, payload)
