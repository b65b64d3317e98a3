# SPDX-License-Identifier: Apache-2.0
"""The plugin for Neutron."""

from collections.abc import Iterable, Mapping
from typing import Any

from synchronizer.plugin import BadConfiguration, EntityType, HearsNotifications, Hint, Setting
from synchronizer.plugin.openstack import SETTINGS, Answer, CloudAccess, OpenStackPlugin, Service
from synchronizer_plugins.neutron import notfound, notifications
from synchronizer_plugins.neutron.kinds import KINDS
from synchronizer_plugins.neutron.service import Neutron

_CHANGED_SINCE = "changed_since"


class NeutronPlugin(OpenStackPlugin, HearsNotifications):
    """Networks and what belongs to them, of all projects, as an administrator sees them."""

    service = "neutron"
    service_type = "network"
    kinds = KINDS
    settings = (
        *SETTINGS,
        Setting(
            _CHANGED_SINCE,
            False,
            "poll changes: this cloud's neutron.conf has filter_validation = false, without which"
            " Neutron refuses it",
        ),
    )
    channels = (("neutron", "notifications"),)

    def connect(self, access: CloudAccess) -> Service:
        return Neutron(access)

    def gets_changes(self, type_: EntityType) -> bool:
        # Only the operator can say: a Neutron as it is installed refuses to be asked, and how
        # a stream is sampled is settled before anybody can be.
        return bool(self.setting(_CHANGED_SINCE)) and super().gets_changes(type_)

    def says_not_found(self, answer: Answer, id_: str) -> bool:
        return notfound.says_not_found(answer, id_)

    def on_notification(self, event_type: str, payload: Mapping[str, Any]) -> Iterable[Hint]:
        return notifications.hints(event_type, payload)

    def check(self) -> Iterable[str]:
        yield from super().check()
        with self._connection.using() as neutron:
            offered = neutron.offers_changes()
        wanted = bool(self.setting(_CHANGED_SINCE))
        if wanted and offered is False:
            raise BadConfiguration(
                "changed_since is set, and this Neutron refuses it: it validates filters"
                " (filter_validation in neutron.conf), or keeps no timestamps"
            )
        if offered and not wanted:
            yield "neutron: changes can be polled here: set changed_since = true"
        else:
            yield f"neutron: changes are {'' if wanted else 'not '}polled"
