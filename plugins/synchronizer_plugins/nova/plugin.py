# SPDX-License-Identifier: Apache-2.0
"""The plugin for Nova: `nova.server`."""

from collections.abc import Iterable, Iterator

from synchronizer.plugin import (
    BadConfiguration,
    EntityType,
    GetsChanges,
    GetsOne,
    KnowsScope,
    Page,
    Plugin,
    PluginContext,
    Setting,
)
from synchronizer.plugin.openstack import failure
from synchronizer_plugins.nova import changes, listing, server
from synchronizer_plugins.nova.connection import SERVICE, Connection

SERVER = EntityType(
    name="nova.server",
    # Nothing of a server changes while nobody touches it; README.md says what was looked at.
    volatile=frozenset(),
    # What its owner hands to its first boot, often with passwords in it.
    sensitive=frozenset({"OS-EXT-SRV-ATTR:user_data", "adminPass"}),
    scope_field="tenant_id",
)


class NovaPlugin(Plugin, GetsChanges, GetsOne, KnowsScope):
    """Servers of all projects, whole and as Nova shows them to an administrator."""

    service = SERVICE
    version = "1"
    settings = (
        Setting("os_cloud", "", "entry of clouds.yaml (empty: the cloud's own name)"),
        Setting("region", "", "region of that cloud (empty: as clouds.yaml has it)"),
        Setting("interface", "", "public, internal or admin (empty: as clouds.yaml has it)"),
        Setting("page_size", 0, "servers per request (0: 1000); Nova may give fewer"),
        Setting(
            "microversion",
            "",
            "microversion to read at, such as 2.96 (empty: the highest that Nova and the"
            " installed python-novaclient know)",
        ),
        Setting("timeout", 0.0, "seconds for one request (0: clouds.yaml's api_timeout, or 120)"),
    )

    def __init__(self, context: PluginContext) -> None:
        super().__init__(context)
        self._page_size: int = self.setting("page_size")
        timeout: float = self.setting("timeout")
        if self._page_size < 0 or timeout < 0:
            raise BadConfiguration("page_size and timeout cannot be negative")
        self._connection = Connection(
            self.setting("os_cloud") or context.cloud,
            region=self.setting("region"),
            interface=self.setting("interface"),
            timeout=timeout,
            microversion=self.setting("microversion"),
        )

    def types(self) -> tuple[EntityType, ...]:
        return (SERVER,)

    def get_all(self, type_: EntityType) -> Iterator[Page]:
        with self._connection.using() as nova:
            yield from listing.pages(nova, self._page_size, listing.EVERYTHING)

    def get_changes(self, type_: EntityType, since: int) -> Iterator[Page]:
        with self._connection.using() as nova:
            yield from changes.pages(nova, self._page_size, since)

    def get(self, type_: EntityType, id_: str) -> bytes:
        with self._connection.using() as nova:
            return server.get(nova, id_)

    def own_scope(self) -> str | None:
        return self._connection.nova().credential.rights().project_id

    def credential(self) -> str:
        return self._connection.nova().credential.token_mark()

    def check(self) -> Iterable[str]:
        with self._connection.using() as nova:
            yield f"nova: endpoint {nova.endpoint}"
            yield f"nova: microversion {nova.microversion}"
            rights = nova.credential.rights()
            yield f"nova: project {rights.project_id}, roles {', '.join(rights.roles) or 'none'}"
            answer = nova.get(listing.PATH, {**listing.EVERYTHING, "limit": "1"})
            if answer.status != 200:
                raise failure(answer, SERVICE)
            yield "nova: the servers of all projects can be listed"

    def close(self) -> None:
        self._connection.close()
