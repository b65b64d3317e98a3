# SPDX-License-Identifier: Apache-2.0
"""Finds plugins by their entry points, and says what is wrong with those that cannot be used.

A plugin is a subclass of `Plugin` under the entry point group `synchronizer.plugins`.
One that is broken never keeps the others from loading.
"""

import dataclasses
import importlib.metadata
from collections.abc import Callable, Iterable
from typing import Any

from oslo_log import log as logging
from stevedore import NamedExtensionManager

from synchronizer import errors
from synchronizer.plugin import declarations
from synchronizer.plugin.base import Plugin, PluginContext
from synchronizer.plugin.page import Setting

LOG = logging.getLogger(__name__)

GROUP = "synchronizer.plugins"

MakeContext = Callable[[str, type[Plugin]], PluginContext]


@dataclasses.dataclass(frozen=True, slots=True)
class PluginInfo:
    """One installed plugin. `error` says what is wrong, why and what to do; None if nothing is.

    `types` are the names of its entity types; empty, like `service` and `version`,
    where a broken plugin does not tell. `distribution` is "name version".
    """

    name: str
    distribution: str
    service: str = ""
    types: tuple[str, ...] = ()
    version: str = ""
    settings: tuple[Setting, ...] = ()
    error: str | None = None


def available() -> list[PluginInfo]:
    """Every installed plugin, sorted by name; each is constructed once, without settings."""
    names = sorted({point.name for point in importlib.metadata.entry_points(group=GROUP)})
    return [_try(name, lambda name, _class: PluginContext(cloud=name))[1] for name in names]


def load(
    names: Iterable[str], make_context: MakeContext
) -> tuple[dict[str, Plugin], list[PluginInfo]]:
    """The named plugins by name, and those of them that are broken or not installed.

    `make_context(name, class)` gives what a plugin is constructed with; its settings may be
    texts, and become what the plugin declares. An error of `synchronizer.errors` that it
    raises, and a setting that does not fit, count as that plugin's error.
    """
    plugins: dict[str, Plugin] = {}
    broken: list[PluginInfo] = []
    for name in dict.fromkeys(names):
        plugin, info = _try(name, make_context)
        if plugin is None:
            LOG.error("The plugin %s is not used: %s", name, info.error)
            broken.append(info)
        else:
            plugins[name] = plugin
    return plugins, broken


def make(name: str, make_context: MakeContext) -> Plugin:
    """The one plugin of this name; raises, and does not log, what `load` would report."""
    return _construct(name, _class(name, _points(name)), make_context)


def _try(name: str, make_context: MakeContext) -> tuple[Plugin | None, PluginInfo]:
    info = PluginInfo(name, " and ".join(_owners(_points(name))))
    try:
        plugin = make(name, make_context)
    except errors.SynchronizerError as error:
        return None, dataclasses.replace(info, error=str(error))
    return plugin, dataclasses.replace(
        info,
        service=plugin.service,
        types=tuple(type_.name for type_ in plugin.types()),
        version=plugin.version,
        settings=plugin.settings,
    )


def _points(name: str) -> list[importlib.metadata.EntryPoint]:
    return list(importlib.metadata.entry_points(group=GROUP, name=name))


def _owners(points: list[importlib.metadata.EntryPoint]) -> list[str]:
    """The distributions that provide these entry points."""
    return sorted({_described(point.dist) for point in points})


def _class(name: str, points: list[importlib.metadata.EntryPoint]) -> type[Plugin]:
    """What the entry point of this name loads, if it is a plugin class. `BadPlugin` if not."""
    owners = _owners(points)
    if len(owners) > 1:
        raise errors.BadPlugin(
            f"{' and '.join(owners)} both provide a plugin {name!r}; uninstall all but one"
        )
    failures: list[BaseException] = []

    def failed(_manager: object, _point: object, error: BaseException) -> None:
        failures.append(error)

    try:
        manager: NamedExtensionManager[Any] = NamedExtensionManager(
            GROUP,
            [name],
            on_load_failure_callback=failed,
            on_missing_entrypoints_callback=None,
            warn_on_missing_entrypoint=None,
        )
    except (AssertionError, SystemExit) as error:  # stevedore lets these through
        failures.append(error)
    if failures:
        raise errors.BadPlugin(_why_not_imported(failures[0], points)) from failures[0]
    for extension in manager:
        return declarations.check_class(extension.plugin)
    raise errors.BadPlugin(
        f"no installed plugin has the name {name!r} (installed: {_installed()});"
        " install the package that provides it, or correct the name"
    )


def _construct(name: str, class_: type[Plugin], make_context: MakeContext) -> Plugin:
    context = make_context(name, class_)
    settings = declarations.check_settings(class_, context.settings)
    context = dataclasses.replace(context, settings=settings)
    try:
        plugin = class_(context)
    except errors.SynchronizerError:
        raise
    except Exception as error:
        raise errors.BadPlugin(
            f"{class_.__name__} cannot be constructed ({type(error).__name__}: {error});"
            " this is a fault of the plugin: report it to its authors"
        ) from error
    declarations.check_types(plugin)
    declarations.check_sampled(context.sampled or (), [type_.name for type_ in plugin.types()])
    return plugin


def _why_not_imported(error: BaseException, points: list[importlib.metadata.EntryPoint]) -> str:
    point = points[0]
    if isinstance(error, ModuleNotFoundError) and error.name:
        return (
            f"it needs the Python module {error.name!r}, which is not installed;"
            f" {_remedy(error.name, point.dist)}"
        )
    return (
        f"{point.value} cannot be imported ({type(error).__name__}: {error}); reinstall or upgrade"
        f" {_described(point.dist)}, or take the plugin out of the configuration"
    )


def _remedy(module: str, distribution: importlib.metadata.Distribution | None) -> str:
    """How to get a missing module: the extra of the plugin's own distribution that has it."""
    if distribution is not None:
        extra = declarations.extra_for(module, distribution.requires or ())
        if extra is not None:
            return f"install {distribution.name} with its extra [{extra}]"
    return f"reinstall {_described(distribution)} with all that it requires"


def _described(distribution: importlib.metadata.Distribution | None) -> str:
    if distribution is None:
        return "an unknown distribution"
    return f"{distribution.name} {distribution.version}"


def _installed() -> str:
    names = {point.name for point in importlib.metadata.entry_points(group=GROUP)}
    return ", ".join(sorted(names)) or "none"
