# SPDX-License-Identifier: Apache-2.0
"""The configured plugins, made for a process of the daemon, each with its service's budget."""

from synchronizer import errors
from synchronizer.budget import Limited, Limits, shared
from synchronizer.conf import CloudSettings, PluginSettings, Settings
from synchronizer.plugin import Plugin, PluginContext
from synchronizer.plugin.budget import Budget
from synchronizer.plugin.loader import load, make


def budget_of(settings: Settings, cloud: str, configured: PluginSettings) -> Limited:
    """The budget that all processes of this daemon share. `errors.BadConfiguration`."""
    return shared(settings.runtime_path, cloud, configured.name, limits_of(configured))


def limits_of(configured: PluginSettings) -> Limits:
    return Limits(configured.max_in_flight, configured.requests_per_minute)


def made(cloud: str, configured: PluginSettings, budget: Budget) -> Plugin:
    """The plugin. `errors.BadPlugin`."""
    plugins, broken = load(
        [configured.name],
        lambda _name, _class: PluginContext(cloud, configured.values, configured.types, budget),
    )
    if broken:
        raise errors.BadPlugin(f"plugin {configured.name}: {broken[0].error}")
    return plugins[configured.name]


def make_plugin(cloud: CloudSettings, configured: PluginSettings) -> Plugin:
    """The plugin, to be looked at and not to sample: without a budget. Raises what it raises."""
    context = PluginContext(cloud.name, configured.values, configured.types)
    return make(configured.name, lambda _name, _class: context)
