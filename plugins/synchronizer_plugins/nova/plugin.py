# SPDX-License-Identifier: Apache-2.0
"""The plugin for Nova."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from oslo_log import log as logging

from synchronizer.plugin import EntityType, HearsNotifications, Hint, Page, Setting
from synchronizer.plugin.openstack import (
    SETTINGS,
    Answer,
    CloudAccess,
    Connection,
    Kind,
    OpenStackPlugin,
    Service,
    walking,
)
from synchronizer_plugins.nova import destroyed, kinds, notfound, notifications, servers
from synchronizer_plugins.nova.service import NAME, Nova, parsed

LOG = logging.getLogger(__name__)

#: From here on Nova shows a server of a down cell when asked for it, instead of failing.
_SHOWS_DOWN_CELLS = parsed("2.69")


class NovaPlugin(OpenStackPlugin, HearsNotifications):
    """Servers, server groups, flavors and compute hosts of all projects, whole and as Nova
    shows them to an administrator."""

    service = NAME
    service_type = "compute"
    version = "1"
    settings = (
        *SETTINGS,
        Setting(
            "microversion",
            "",
            "microversion to read at, such as 2.96 (empty: the highest that Nova and the"
            " installed python-novaclient know)",
        ),
    )
    kinds = kinds.KINDS
    channels = notifications.CHANNELS

    def connection(self) -> Connection[Nova]:
        configured = parsed(self.setting("microversion"))

        def connect(access: CloudAccess) -> Nova:
            nova = Nova(access, configured)
            _announce(self.context.cloud, nova)
            return nova

        return Connection(self.open, connect, fixed=configured is not None)

    def get_changes(self, type_: EntityType, since: int) -> Iterator[Page]:
        if type_.name != kinds.SERVER.name:
            return super().get_changes(type_, since)
        there = self._changes(since, destroyed.THERE)
        return destroyed.told_apart(there, self._changes(since, destroyed.DESTROYED))

    def changes_pages(self, type_: EntityType) -> int:
        return 2 * super().changes_pages(type_)

    def _changes(self, since: int, beside: Mapping[str, str]) -> Iterator[Page]:
        kind = self._kinds[kinds.SERVER.name]
        query = {**kind.query, **servers.changed_since(since), **beside}
        with self._reading(kind) as nova:
            yield from walking.pages(nova, kind, self._page_size, query)

    def says_not_found(self, answer: Answer, id_: str) -> bool:
        return notfound.says_not_found(answer, id_)

    def is_unclear(self, kind: Kind, entity: msgspec.Raw | bytes) -> bool:
        return kind.type == kinds.SERVER and servers.is_partial(entity)

    def on_notification(self, event_type: str, payload: Mapping[str, Any]) -> Iterable[Hint]:
        return notifications.hints(event_type, payload)


def _announce(cloud: str, nova: Service) -> None:
    LOG.info("%s: nova is read at microversion %s", cloud, nova.microversion)
    version = parsed(nova.microversion or "")
    if version is not None and version < _SHOWS_DOWN_CELLS:
        LOG.warning(
            "%s: below microversion 2.69 nova answers with an error where a cell is down; its"
            " servers are neither updated nor taken for deleted meanwhile",
            cloud,
        )
