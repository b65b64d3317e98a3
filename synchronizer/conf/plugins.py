# SPDX-License-Identifier: Apache-2.0
"""What is configured of the plugins of one cloud."""

import contextlib
import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
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

#: One option, and the one for its file, if it is a secret that may have one.
Options = Sequence[cfg.Opt]


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
    refuse_twice(conf[section].plugins, f"plugins of [{section}]")
    found = []
    for plugin in conf[section].plugins:
        merged: dict[str, Any] = {}
        common = {option.dest: option.default for option in options.PLUGIN}
        known = declarations.get(plugin)
        for group in (plugin, f"{section}:{plugin}"):
            if group != plugin:
                of_cloud = _anything(given, section) if known is None else _settings(known)
                merged |= _of_cloud(conf, section, given, of_cloud)
            own = _anything(given, group, common) if known is None else _settings(known)
            given.register(conf, [*itertools.chain(*own), *options.PLUGIN], group)
            merged |= _said(conf, group, given, own)
            common |= _said(conf, group, given, [[option] for option in options.PLUGIN])
        types = frozenset(common.pop("types")) or None
        channels = tuple(common.pop("notification_channels"))
        found.append(PluginSettings(plugin, merged, types, channels, **common))
    return tuple(found)


def _settings(known: Iterable[Setting]) -> list[Options]:
    return [with_files([options.setting_option(setting)]) for setting in known]


def _anything(given: Given, section: str, but: Collection[str] = ()) -> list[Options]:
    """Of a plugin that is not known here anything may be a setting, and a secret."""
    named = given.sections.get(section, {})
    return [[cfg.StrOpt(name, secret=True, mutable=True)] for name in named if name not in but]


def _said(
    conf: cfg.ConfigOpts, group: str, given: Given, opts: Iterable[Options]
) -> dict[str, Any]:
    """The values that a section, its variables or the files of its secrets have for these."""
    return {
        option.dest: conf[group][option.dest]
        for option, *file in opts
        if any(given.has(group, one) for one in (option, *file))
    }


def _of_cloud(
    conf: cfg.ConfigOpts, section: str, given: Given, opts: Iterable[Options]
) -> dict[str, Any]:
    """The values that a cloud's own section has for these settings of one of its plugins."""
    taken = {option.name for option in options.CLOUD}
    found = {}
    for both in opts:
        option = both[0]
        if option.name not in taken and any(given.has(section, one) for one in both):
            # Another plugin's of this name, with another help, may be registered already.
            with contextlib.suppress(cfg.DuplicateOptError):
                given.register(conf, both, section)
            found[option.dest] = conf[section][option.dest]
    return found


def refuse_twice(names: Sequence[str], where: str) -> None:
    """oslo.config takes sections for the same whose names differ in capitals alone."""
    seen: dict[str, str] = {}
    for name in names:
        if name.lower() in seen:
            twice = f"{seen[name.lower()]} and {name}; one of them is too much"
            raise errors.BadConfiguration(f"{where} names {twice}")
        seen[name.lower()] = name


def unused(conf: cfg.ConfigOpts, given: Given, declarations: PluginDeclarations) -> None:
    """Has `conf` know the sections of installed plugins that no cloud has: they may be there."""
    for plugin, settings in declarations.items():
        if plugin in given.sections and plugin not in conf:
            own = itertools.chain(*_settings(settings))
            given.register(conf, [*own, *options.PLUGIN], plugin)
