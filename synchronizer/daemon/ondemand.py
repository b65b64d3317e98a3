# SPDX-License-Identifier: Apache-2.0
"""What a snapshot server's process can list by itself: the types of the configured plugins."""

import threading
from collections.abc import Collection, Iterable

from synchronizer.budget import Limited
from synchronizer.conf import PluginSettings, Settings
from synchronizer.daemon.sources import budget_of, made
from synchronizer.daemon.typesettings import sampling_of
from synchronizer.model import StreamKey
from synchronizer.plugin.loader import PluginInfo
from synchronizer.sampling import Source


class ConfiguredSources:
    """`installed`: the plugins of this machine, which may have fewer than others."""

    def __init__(self, settings: Settings, installed: Iterable[PluginInfo]) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._stopped = False
        self._budgets: dict[tuple[str, str], Limited] = {}
        types = {plugin.name: plugin.types for plugin in installed if plugin.error is None}
        self._plugins: dict[StreamKey, PluginSettings] = {
            StreamKey(cloud.name, type_): plugin
            for cloud in settings.clouds
            for plugin in cloud.plugins
            for type_ in types.get(plugin.name, ())
            if plugin.types is None or type_ in plugin.types
        }

    def has(self, key: StreamKey) -> bool:
        """Whether a plugin that is configured and installed here has the type."""
        return key in self._plugins

    @property
    def streams(self) -> Collection[StreamKey]:
        """All that it has."""
        return self._plugins.keys()

    def interval(self, key: StreamKey) -> float | None:
        """Seconds between complete listings of a stream that is configured here."""
        return self._settings.of_type(key.cloud, key.type).interval if self.has(key) else None

    def make(self, key: StreamKey) -> Source:
        """A plugin of its own for one stream. `errors.BadPlugin`."""
        configured = self._plugins[key]
        with self._lock:
            of = (key.cloud, configured.name)
            budget = self._budgets.get(of)
            if budget is None:
                budget = self._budgets[of] = budget_of(self._settings, key.cloud, configured)
                if self._stopped:
                    budget.stop()
        plugin = made(key.cloud, configured, budget)
        return Source(plugin, sampling_of(self._settings, key.cloud, key.type))

    def stop(self) -> None:
        """Whoever waits to send something waits no more."""
        with self._lock:
            self._stopped = True
            for budget in self._budgets.values():
                budget.stop()

    def close(self) -> None:
        """After the last listing."""
        with self._lock:
            for budget in self._budgets.values():
                budget.close()
