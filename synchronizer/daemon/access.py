# SPDX-License-Identifier: Apache-2.0
"""What plugins find beside the configuration, as clouds.yaml: whether that is another by now."""

import contextlib
from collections.abc import Mapping

from synchronizer import errors
from synchronizer.conf import CloudSettings, PluginSettings, Settings
from synchronizer.plugin import PluginContext
from synchronizer.plugin.loader import make

#: By cloud and plugin; an error where it cannot be told.
Access = Mapping[tuple[str, str], object]


def access_of(settings: Settings) -> Access:
    """As it is now. Talks to nobody."""
    return {
        (cloud.name, plugin.name): _one(cloud, plugin)
        for cloud in settings.clouds
        for plugin in cloud.plugins
    }


def others(old: Access, new: Access) -> list[tuple[str, str]]:
    """Whose is another. `errors.BadConfiguration` where there was one, and is none any more."""
    found = []
    for of in old.keys() & new.keys():
        before, after = old[of], new[of]
        if isinstance(after, errors.SynchronizerError):
            if not isinstance(before, errors.SynchronizerError):
                raise errors.BadConfiguration(f"cloud {of[0]}, plugin {of[1]}: {after}")
        elif before != after:
            found.append(of)
    return sorted(found)


def _one(cloud: CloudSettings, plugin: PluginSettings) -> object:
    context = PluginContext(cloud.name, plugin.values, plugin.types)
    try:
        with contextlib.closing(make(plugin.name, lambda _name, _class: context)) as made:
            return made.access()
    except errors.SynchronizerError as error:
        return error
