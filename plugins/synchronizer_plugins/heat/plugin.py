# SPDX-License-Identifier: Apache-2.0
"""The plugin for Heat."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from synchronizer.plugin import (
    EntityType,
    HearsNotifications,
    Hint,
    PluginContext,
    Setting,
    Unclear,
)
from synchronizer.plugin.openstack import SETTINGS, Answer, CloudAccess, Kind, OpenStackPlugin
from synchronizer_plugins.heat import notifications, single, stacks
from synchronizer_plugins.heat.service import NAME, Heat


class HeatPlugin(OpenStackPlugin, HearsNotifications):
    """Stacks, nested ones on request."""

    service = NAME
    service_type = "orchestration"
    kinds: ClassVar[tuple[Kind, ...]] = (stacks.STACK,)
    channels = notifications.CHANNELS
    settings: ClassVar[tuple[Setting, ...]] = (
        *SETTINGS,
        Setting("global_tenant", False, "ask for all projects (policy stacks:global_index)"),
        Setting("show_nested", False, "nested stacks, too"),
        Setting(
            "show_status_reason",
            False,
            "stack_status_reason, too: it may quote the values of hidden parameters",
        ),
    )

    def __init__(self, context: PluginContext) -> None:
        super().__init__(context)
        self._show_nested: bool = self.setting("show_nested")
        configured = stacks.kind(
            global_tenant=self.setting("global_tenant"),
            show_nested=self._show_nested,
            show_status_reason=self.setting("show_status_reason"),
        )
        self._kinds = {configured.type.name: configured}

    def types(self) -> tuple[EntityType, ...]:
        return tuple(kind.type for kind in self._kinds.values())

    def connect(self, access: CloudAccess) -> Heat:
        return Heat(access)

    def says_not_found(self, answer: Answer, id_: str) -> bool:
        return single.says_not_found(answer, id_)

    def get(self, type_: EntityType, id_: str) -> bytes:
        if id_ in {"", ".", ".."}:
            raise Unclear(f"heat: {id_!r} cannot be asked for")
        with self._connection.using() as heat:
            return single.get(heat, self._kinds[type_.name], id_, show_nested=self._show_nested)

    def on_notification(self, event_type: str, payload: Mapping[str, Any]) -> Iterable[Hint]:
        return notifications.hints(event_type, payload)
