# SPDX-License-Identifier: Apache-2.0
"""Checks what a plugin declares: its class, its entity types, its settings, its extras."""

import collections
import difflib
import inspect
import re
from collections.abc import Collection, Iterable, Mapping

from synchronizer import errors
from synchronizer.model import EntityType
from synchronizer.plugin.base import Plugin

_SERVICE = re.compile(r"[a-z][a-z0-9_-]*")
_TYPE = re.compile(r"[a-z][a-z0-9_-]*\.[a-z][a-z0-9_-]*")
#: Options of every plugin's section that are not the plugin's own.
RESERVED = frozenset({"types", "max_in_flight", "requests_per_minute", "notification_channels"})
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9._-]+)[^;]*;.*\bextra\s*==\s*['\"]([^'\"]+)['\"]")


def check_class(class_: object) -> type[Plugin]:
    """`BadPlugin` unless it is a subclass of `Plugin` that can be constructed."""
    if not (isinstance(class_, type) and issubclass(class_, Plugin)):
        raise errors.BadPlugin(
            f"its entry point names {_name(class_)}, which is not a subclass of"
            " synchronizer.plugin.Plugin; this is a fault of the plugin: report it to its authors"
        )
    if inspect.isabstract(class_):
        missing = ", ".join(sorted(class_.__abstractmethods__))
        raise errors.BadPlugin(f"{class_.__name__} does not implement {missing}")
    service = getattr(class_, "service", None)
    if not (isinstance(service, str) and _SERVICE.fullmatch(service)):
        raise errors.BadPlugin(
            f"{class_.__name__}.service is {service!r}; it must be a name of lower-case letters,"
            " digits, '-' and '_'"
        )
    if not (isinstance(class_.version, str) and class_.version):
        raise errors.BadPlugin(f"{class_.__name__}.version must be a text that is not empty")
    for setting in class_.settings:
        if setting.name in RESERVED:
            raise errors.BadPlugin(
                f"{class_.__name__} has a setting {setting.name}, which all have"
            )
    return class_


def check_types(plugin: Plugin) -> None:
    """`BadPlugin` unless the types are well named, distinct and of the plugin's own service."""
    try:
        types = tuple(plugin.types())
    except Exception as error:
        raise errors.BadPlugin(f"types() raised {type(error).__name__}: {error}") from error
    if not types:
        raise errors.BadPlugin("types() is empty: there is nothing that it could list")
    seen: set[str] = set()
    for type_ in types:
        if not isinstance(type_, EntityType):
            raise errors.BadPlugin(f"types() contains {_name(type_)}, which is not an EntityType")
        if not (isinstance(type_.name, str) and _TYPE.fullmatch(type_.name)):
            raise errors.BadPlugin(
                f"the entity type {type_.name!r} is not named service.kind (lower-case letters,"
                " digits, '-' and '_')"
            )
        if type_.service != plugin.service:
            raise errors.BadPlugin(
                f"the entity type {type_.name} does not belong to its service {plugin.service!r}"
            )
        if type_.name in seen:
            raise errors.BadPlugin(f"the entity type {type_.name} is declared twice")
        seen.add(type_.name)
        _check_fields(type_)


def check_sampled(wanted: Iterable[str], known: Collection[str], where: str = "") -> None:
    """`BadConfiguration` for a type that is to be sampled and that the plugin has not."""
    for name in sorted(wanted):
        if name not in known:
            raise errors.BadConfiguration(
                f"types{where}: the plugin has no {name!r}{_suggestion(name, known)}"
                f" (it has {', '.join(sorted(known))})"
            )


def _suggestion(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f", did you mean {close[0]}?" if close else ""


def _check_fields(type_: EntityType) -> None:
    if not (isinstance(type_.id_field, str) and type_.id_field):
        raise errors.BadPlugin(f"{type_.name} has no id_field")
    for kind, fields in (("volatile", type_.volatile), ("sensitive", type_.sensitive)):
        if not isinstance(fields, frozenset) or not all(isinstance(name, str) for name in fields):
            raise errors.BadPlugin(f"{type_.name}: {kind} must be a frozenset of field names")
        if type_.id_field in fields:
            raise errors.BadPlugin(f"{type_.name}: its id_field cannot be {kind}")
    if type_.scope_field is not None and type_.scope_field in type_.sensitive:
        raise errors.BadPlugin(f"{type_.name}: its scope_field cannot be sensitive")


def check_settings(class_: type[Plugin], values: Mapping[str, object]) -> dict[str, object]:
    """The settings in their declared types. `BadConfiguration` for unknown or unfitting ones.

    Texts, as a configuration file has them, become what the setting's default is.
    """
    known = {setting.name: setting for setting in class_.settings}
    checked: dict[str, object] = {}
    for name, value in values.items():
        setting = known.get(name)
        if setting is None:
            names = ", ".join(sorted(known)) or "none"
            raise errors.BadConfiguration(f"unknown setting {name!r} (there are: {names})")
        try:
            checked[name] = _converted(value, type(setting.default))
        except ValueError:
            shown = "its value" if setting.secret else repr(value)
            raise errors.BadConfiguration(
                f"{name}: {shown} is not of the type {type(setting.default).__name__}"
            ) from None
    return checked


def _converted(value: object, wanted: type) -> object:
    if wanted is bool and isinstance(value, str):
        folded = value.strip().lower()
        if folded in {"1", "true", "yes", "on"}:
            return True
        if folded in {"0", "false", "no", "off"}:
            return False
        raise ValueError(value)
    # A bool is an int to Python, and never meant where a number is asked for.
    if wanted in (int, float) and isinstance(value, (int, float, str)):
        if isinstance(value, bool):
            raise ValueError(value)
        return wanted(value)
    if isinstance(value, wanted):
        return value
    raise ValueError(value)


def extra_for(module: str, requirements: Iterable[str]) -> str | None:
    """The extra whose requirements provide a module, told by the likeness of their names.

    The smallest extra that has it, so that nobody is told to install a developer's set.
    """
    wanted = _plain(module.partition(".")[0])
    sizes: collections.Counter[str] = collections.Counter()
    candidates: list[tuple[int, str]] = []
    for requirement in requirements:
        match = _REQUIREMENT.match(requirement)
        if match is None:
            continue
        name, extra = _plain(match[1]), match[2]
        sizes[extra] += 1
        if wanted in name or name in wanted:
            candidates.append((abs(len(name) - len(wanted)), extra))
    if not candidates:
        return None
    return min(candidates, key=lambda found: (found[0], sizes[found[1]], found[1]))[1]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]", "", name).lower()


def _name(thing: object) -> str:
    return getattr(thing, "__qualname__", None) or repr(thing)[:100]
