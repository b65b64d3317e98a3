# SPDX-License-Identifier: Apache-2.0
"""From the names of entity types to the plugins that read them."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.budget import Limits, alone
from synchronizer.plugin import Plugin, PluginContext, declarations
from synchronizer.plugin.loader import PluginInfo, available, make

LOG = logging.getLogger(__name__)

#: Seconds for which a service may keep the beginning waiting; then the sampler goes on asking.
CHECKING = 10.0

Settings = Mapping[str, Mapping[str, Any]]


def installed(types: Sequence[str], cloud: str, settings: Settings, limits: Limits) -> list[Plugin]:
    """The installed plugins that have these types, constructed for a cloud, each with a budget
    for its service.

    `settings`: by plugin's name, the values of its own settings. `errors.UnknownType` (with
    what is `known`), `errors.BadPlugin` for a plugin that cannot be used,
    `errors.BadConfiguration` for a setting that does not fit.
    """
    known = available()
    names = list(dict.fromkeys(_owner(type_, known).name for type_ in types))
    unused = sorted(settings.keys() - set(names))
    if unused:
        raise errors.BadConfiguration(
            f"there are settings for {', '.join(unused)}, but the plugins in use are"
            f" {', '.join(names)}"
        )

    def context(name: str, _class: type[Plugin]) -> PluginContext:
        mine = next(info.types for info in known if info.name == name)
        return PluginContext(
            cloud,
            dict(settings.get(name, {})),
            frozenset(mine).intersection(types),
            alone(cloud, name, limits),
        )

    return [make(name, context) for name in names]


def given(plugins: Iterable[Plugin], types: Sequence[str], cloud: str) -> list[Plugin]:
    """Those of the caller's own plugins that have some of these types; checked likewise."""
    mine = list(plugins)
    for plugin in mine:
        declarations.check_types(plugin)
        if plugin.context.cloud != cloud:
            raise errors.BadConfiguration(
                f"the plugin {plugin.service} was made for the cloud {plugin.context.cloud!r},"
                f" not {cloud!r}"
            )
    owners = {type_.name: plugin for plugin in mine for type_ in plugin.types()}
    for type_ in types:
        if type_ not in owners:
            raise _unknown(type_, sorted(owners))
    return [plugin for plugin in mine if any(owners[type_] is plugin for type_ in types)]


def check(plugin: Plugin) -> None:
    """Raises what a person has to mend first: a wrong credential, an unknown cloud.

    A service that is away is not among these, and one that is slow to answer neither.
    """
    found: list[errors.Stop] = []

    def look() -> None:
        try:
            for line in plugin.check():
                LOG.debug("%s", line)
        except errors.Stop as error:
            found.append(error)
        except Exception as error:
            # The sampler meets it again, and tells it.
            LOG.debug("the plugin %s: %s", plugin.service, error)

    thread = threading.Thread(target=look, name=f"check {plugin.service}", daemon=True)
    thread.start()
    thread.join(CHECKING)
    if found:
        raise found[0]
    if thread.is_alive():
        LOG.warning(
            "%s/%s: no answer within %.0f s; it is waited for",
            *(plugin.context.cloud, plugin.service, CHECKING),
        )


def _owner(type_: str, known: Sequence[PluginInfo]) -> PluginInfo:
    owners = [info for info in known if info.error is None and type_ in info.types]
    if len(owners) > 1:
        raise errors.BadConfiguration(
            f"the plugins {' and '.join(info.name for info in owners)} both have the entity type"
            f" {type_}; uninstall all but one"
        )
    if owners:
        return owners[0]
    service = type_.partition(".")[0]
    for info in known:
        # One that cannot be imported does not tell its types; usually it is named as its service.
        if info.error is not None and service in (info.name, info.service):
            raise errors.BadPlugin(f"the plugin {info.name} cannot be used: {info.error}")
    raise _unknown(type_, sorted(name for info in known for name in info.types))


def _unknown(type_: str, known: list[str]) -> errors.UnknownType:
    return errors.UnknownType(
        f"no plugin has an entity type {type_!r}; there are: {', '.join(known) or 'none'}",
        known=known,
    )
