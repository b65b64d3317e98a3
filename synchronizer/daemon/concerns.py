# SPDX-License-Identifier: Apache-2.0
"""What of the settings each process goes by: it begins again if that is another."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from synchronizer.conf import CloudSettings, PluginSettings, Settings

#: The types of each installed plugin.
Types = Mapping[str, Sequence[str]]

BROKER, MONITOR, RELAY, SNAPSHOT = "broker", "monitor", "relay", "snapshot"


def worker(cloud: str, plugin: str) -> str:
    """The name of the process that samples a plugin of a cloud."""
    return f"worker {cloud}/{plugin}"


def concerns(settings: Settings, types: Types) -> dict[str, Any]:
    """By the name of the process; to be compared with `==`."""
    ledger = settings.ledger
    found: dict[str, Any] = {
        MONITOR: (
            settings.monitor,
            [
                (cloud.name, plugin.types, _of_types(settings, cloud, plugin, types))
                for cloud, plugin in _sources(settings)
            ],
        ),
        RELAY: (
            settings.relay,
            settings.rabbit_options,
            (ledger.retention, ledger.compact_interval, ledger.verify_interval),
        ),
        SNAPSHOT: (
            settings.snapshot,
            settings.rabbit_options,
            settings.relay.bookmark_interval,
            [
                (cloud.name, _of_source(plugin), _of_types(settings, cloud, plugin, types))
                for cloud, plugin in _sources(settings)
            ],
        ),
    }
    if settings.local_socket is not None:
        found[BROKER] = settings.local
    for cloud, plugin in _sources(settings):
        found[worker(cloud.name, plugin.name)] = (
            cloud.notification_transport_url,
            plugin,
            _of_types(settings, cloud, plugin, types),
        )
    return found


def changed(old: Settings, new: Settings, types: Types) -> list[str]:
    """The processes that have to begin again. They are the same before and after."""
    before, after = concerns(old, types), concerns(new, types)
    return [name for name, concern in after.items() if before[name] != concern]


def _sources(settings: Settings) -> Iterator[tuple[CloudSettings, PluginSettings]]:
    for cloud in settings.clouds:
        for plugin in cloud.plugins:
            yield cloud, plugin


def _of_source(plugin: PluginSettings) -> PluginSettings:
    """What a listing on demand goes by: it hears no notifications."""
    return dataclasses.replace(plugin, notification_channels=())


def _of_types(
    settings: Settings, cloud: CloudSettings, plugin: PluginSettings, types: Types
) -> Any:
    known = types.get(plugin.name)
    if not known:  # it could not be loaded when the daemon began; it may be mended since
        return settings.types, settings.default_type
    return [settings.of_type(cloud.name, type_) for type_ in known]
