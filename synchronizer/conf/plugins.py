# SPDX-License-Identifier: Apache-2.0
"""What is configured of the plugins of one cloud."""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from oslo_config import cfg

from synchronizer import errors
from synchronizer.bus import topics
from synchronizer.conf import options
from synchronizer.conf.given import Given
from synchronizer.conf.secretfiles import with_files
from synchronizer.conf.settings import PluginSettings
from synchronizer.plugin import Setting

#: The settings of each plugin. Given by whoever can load plugins.
PluginDeclarations = Mapping[str, Sequence[Setting]]


def declared(
    conf: cfg.ConfigOpts, cloud: str, given: Given, declarations: PluginDeclarations
) -> tuple[PluginSettings, ...]:
    """The plugins of one cloud. Their values: [cloud:NAME:PLUGIN] before [cloud:NAME], for all
    plugins of the cloud that have such a setting, before [PLUGIN]."""
    try:
        topics.check_cloud(cloud)
    except topics.BadName as error:
        raise errors.BadConfiguration(f"clouds: {error}") from None
    section = f"cloud:{cloud}"
    given.register(conf, options.CLOUD, section)
    found = []
    for plugin in conf[section].plugins:
        merged: dict[str, Any] = {}
        common = {option.dest: option.default for option in options.PLUGIN}
        for group in (plugin, f"{section}:{plugin}"):
            own = [options.setting_option(s) for s in declarations.get(plugin, ())]
            if group != plugin:
                # Of a plugin that is not known here anything may be a setting.
                anything = [cfg.StrOpt(name) for name in given.sections.get(section, {})]
                may_be = own if plugin in declarations else anything
                merged |= _of_cloud(conf, section, given, may_be)
            if not own:
                named = given.sections.get(group, {})
                own = [cfg.StrOpt(name) for name in named if name not in common]
            given.register(conf, [*with_files(own), *options.PLUGIN], group)
            merged |= _said(conf, group, given, own)
            common |= _said(conf, group, given, options.PLUGIN)
        types = frozenset(common.pop("types")) or None
        channels = tuple(common.pop("notification_channels"))
        found.append(PluginSettings(plugin, merged, types, channels, **common))
    return tuple(found)


def _said(
    conf: cfg.ConfigOpts, group: str, given: Given, opts: Iterable[cfg.Opt]
) -> dict[str, Any]:
    """The values that a section, its variables or the files of its secrets have for these."""
    return {
        option.dest: conf[group][option.dest]
        for option in opts
        if given.has(group, option)
        or (option.secret and given.has(group, cfg.StrOpt(f"{option.name}_file")))
    }


def _of_cloud(
    conf: cfg.ConfigOpts, section: str, given: Given, opts: Iterable[cfg.Opt]
) -> dict[str, Any]:
    """The values that a cloud's own section has for these settings of one of its plugins."""
    taken = {option.name for option in options.CLOUD}
    found = {}
    for option in opts:
        if option.name in taken:
            continue
        both = with_files([option])
        if any(given.has(section, one) for one in both):
            # Another plugin's of this name, with another help, may be registered already.
            with contextlib.suppress(cfg.DuplicateOptError):
                given.register(conf, both, section)
            found[option.dest] = conf[section][option.dest]
    return found


def unused(conf: cfg.ConfigOpts, given: Given, declarations: PluginDeclarations) -> None:
    """Has `conf` know the sections of installed plugins that no cloud has: they may be there."""
    for plugin, settings in declarations.items():
        if plugin in given.sections and plugin not in conf:
            own = [options.setting_option(setting) for setting in settings]
            given.register(conf, [*with_files(own), *options.PLUGIN], plugin)
