# SPDX-License-Identifier: Apache-2.0
"""What a snapshot server's process can list by itself: the types of the configured plugins."""

from collections.abc import Iterable

from synchronizer import errors
from synchronizer.conf import PluginSettings, Settings
from synchronizer.daemon.typesettings import sampling_of
from synchronizer.model import StreamKey
from synchronizer.plugin import PluginContext
from synchronizer.plugin.loader import PluginInfo, load
from synchronizer.sampling import Source


class ConfiguredSources:
    """`installed`: the plugins of this machine, which may have fewer than others."""

    def __init__(self, settings: Settings, installed: Iterable[PluginInfo]) -> None:
        self._settings = settings
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

    def make(self, key: StreamKey) -> Source:
        """A plugin of its own for one stream. `errors.BadPlugin`."""
        configured = self._plugins[key]
        plugins, broken = load(
            [configured.name],
            lambda _name, _class: PluginContext(key.cloud, configured.values, configured.types),
        )
        if broken:
            raise errors.BadPlugin(f"plugin {configured.name}: {broken[0].error}")
        return Source(plugins[configured.name], sampling_of(self._settings, key.cloud, key.type))
