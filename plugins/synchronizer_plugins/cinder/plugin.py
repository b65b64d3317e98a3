# SPDX-License-Identifier: Apache-2.0
"""The plugin for Cinder."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from oslo_log import log as logging

from synchronizer.plugin import EntityType, HearsNotifications, Hint, Page, PluginContext, Setting
from synchronizer.plugin.openstack import (
    SETTINGS,
    Answer,
    CloudAccess,
    Connection,
    Kind,
    OpenStackPlugin,
)
from synchronizer_plugins.cinder import changes, notfound, notifications
from synchronizer_plugins.cinder.kinds import KINDS
from synchronizer_plugins.cinder.service import NAME, Cinder, parsed

LOG = logging.getLogger(__name__)

#: Those that Cinder notifies of.
_HEARD = frozenset(
    {notifications.VOLUME, notifications.SNAPSHOT, notifications.BACKUP, notifications.TYPE}
)


class CinderPlugin(OpenStackPlugin, HearsNotifications):
    """Volumes, snapshots, backups, volume types, services and pools."""

    service = NAME
    service_type = "block-storage"
    kinds: ClassVar[tuple[Kind, ...]] = KINDS
    channels = notifications.CHANNELS
    settings: ClassVar[tuple[Setting, ...]] = (
        *SETTINGS,
        Setting("microversion", "", "such as 3.71 (empty: the highest that both sides know)"),
    )

    def __init__(self, context: PluginContext) -> None:
        self._configured = parsed(context.settings.get("microversion", ""))
        super().__init__(context)

    def connection(self) -> Connection[Any]:
        return Connection(self.open, self.connect, fixed=self._configured is not None)

    def connect(self, access: CloudAccess) -> Cinder:
        cinder = Cinder(access, self._configured)
        cloud = self.context.cloud
        LOG.info("%s: cinder is read at microversion %s", cloud, cinder.microversion)
        if not cinder.tells_changes:
            LOG.warning(
                "%s: below microversion %s cinder cannot tell what changed; changes of volumes"
                " are seen by notifications and by complete listings",
                cloud,
                changes.MICROVERSION,
            )
        return cinder

    def says_not_found(self, answer: Answer, id_: str) -> bool:
        return notfound.says_not_found(answer, id_)

    def get_changes(self, type_: EntityType, since: int) -> Iterator[Page]:
        if self._connection.service().tells_changes:
            yield from super().get_changes(type_, since)
        else:
            yield Page(last=True)  # as good as nothing, and for nothing

    def hears(self, type_: EntityType) -> bool:
        return type_.name in _HEARD

    def on_notification(self, event_type: str, payload: Mapping[str, Any]) -> Iterable[Hint]:
        return notifications.hints(event_type, payload)
