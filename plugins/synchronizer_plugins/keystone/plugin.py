# SPDX-License-Identifier: Apache-2.0
"""The plugin for Keystone: who there is, and what may be reached."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from synchronizer.plugin import EntityType, HearsNotifications, Hint, Page
from synchronizer.plugin.openstack import (
    Answer,
    CloudAccess,
    Kind,
    OpenStackPlugin,
    Service,
    Text,
    documents,
    plain_adapter,
    version_prefix,
)
from synchronizer_plugins.keystone import assignments, notfound, notifications, users
from synchronizer_plugins.keystone.assignments import ASSIGNMENTS
from synchronizer_plugins.keystone.kinds import (
    DOMAINS,
    ENDPOINTS,
    PROJECTS,
    REGIONS,
    SERVICES,
    USERS,
)


class KeystonePlugin(OpenStackPlugin, HearsNotifications):
    """Domains, projects, users, role assignments, regions, services and endpoints."""

    service = "keystone"
    service_type = "identity"
    kinds = (PROJECTS, USERS, DOMAINS, REGIONS, SERVICES, ENDPOINTS, ASSIGNMENTS)
    channels = (("keystone", "notifications"),)

    def connect(self, access: CloudAccess) -> Service:
        # The catalogue has Keystone with or without its version.
        adapter = plain_adapter(access)
        prefix = version_prefix(adapter, self.service, "/v3")
        return Service(self.service, access, adapter=adapter, prefix=prefix)

    def pages(self, type_: EntityType, count: int) -> int:
        # The users, and then the domains.
        return super().pages(type_, count) + (type_.name == USERS.type.name)

    def get_all(self, type_: EntityType) -> Iterator[Page]:
        if type_.name != USERS.type.name:
            yield from super().get_all(type_)
            return
        with self._connection.using() as keystone:
            yield from users.pages(keystone, self._page_size)

    def gets_one(self, type_: EntityType) -> bool:
        return type_.name == ASSIGNMENTS.type.name or super().gets_one(type_)

    def get(self, type_: EntityType, id_: str) -> bytes:
        if type_.name != ASSIGNMENTS.type.name:
            return super().get(type_, id_)
        with self._connection.using() as keystone:
            return assignments.get(keystone, id_)

    def is_deleted(self, kind: Kind, entity: Text) -> bool:
        # Each domain is a project, too; a GET shows it as one, and no listing of projects does.
        return kind is PROJECTS and documents.text(entity, "is_domain") is True

    def own_scope(self) -> str | None:
        """The domain of the credential, as entities name it; None for one of the system."""
        domain: str | None = self._connection.service().credential.rights().domain_id
        return domain

    def says_not_found(self, answer: Answer, id_: str) -> bool:
        return notfound.says_not_found(answer, id_)

    def on_notification(self, event_type: str, payload: Mapping[str, Any]) -> Iterable[Hint]:
        return notifications.hints(event_type, payload)
