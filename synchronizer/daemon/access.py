# SPDX-License-Identifier: Apache-2.0
"""What plugins find beside the configuration, as clouds.yaml: whether that is another by now."""

import contextlib
from collections.abc import Mapping

from synchronizer import errors
from synchronizer.conf import CloudSettings, PluginSettings, Settings
from synchronizer.daemon.sources import make_plugin
from synchronizer.daemon.typesettings import sampling_of
from synchronizer.plugin import Plugin
from synchronizer.sampling.rules import masked

#: By cloud and plugin; an error where it cannot be told, or nothing could be sampled with it.
Access = Mapping[tuple[str, str], object]


def access_of(settings: Settings) -> Access:
    """As it is now. Talks to nobody."""
    return {
        (cloud.name, plugin.name): _one(settings, cloud, plugin)
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


def refuse_masks(settings: Settings, cloud: str, plugin: Plugin) -> None:
    """`errors.BadConfiguration` for fields that are configured as volatile or sensitive, and
    cannot be."""
    for type_ in plugin.sampled():
        of = sampling_of(settings, cloud, type_.name)
        masked(type_, of.volatile, of.sensitive)


def _one(settings: Settings, cloud: CloudSettings, plugin: PluginSettings) -> object:
    try:
        with contextlib.closing(make_plugin(cloud, plugin)) as made:
            refuse_masks(settings, cloud.name, made)
            return made.access()
    except errors.SynchronizerError as error:
        return error
    except Exception as error:
        # A fault of one plugin keeps the others neither from beginning nor from a reload.
        return errors.BadPlugin(f"{type(error).__name__}: {error}")
