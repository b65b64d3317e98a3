# SPDX-License-Identifier: Apache-2.0
"""What is configured of single entity types."""

import re
from collections.abc import Collection, Iterable

from oslo_config import cfg

from synchronizer.conf import options
from synchronizer.conf.given import Given, variable
from synchronizer.conf.settings import TypeSettings

_TYPE_NAME = re.compile(r"[a-z0-9_-]+\.[a-z0-9_-]+")


def type_sections(
    conf: cfg.ConfigOpts, given: Given, default: TypeSettings, types: Collection[str] | None = None
) -> Iterable[tuple[tuple[str, str], TypeSettings]]:
    """The sampling of a type: [cloud:NAME:TYPE] before [TYPE] before [sampling]. `types`: those
    that there are; None: any."""
    general: dict[str, TypeSettings] = {}
    sections = {*given.sections, *_only_variables(given, conf.clouds)}
    for section in sorted(sections, key=lambda name: (name.count(":"), name)):
        cloud, _, type_ = section.removeprefix("cloud:").rpartition(":")
        if not _TYPE_NAME.fullmatch(type_) or (cloud and cloud not in conf.clouds):
            continue
        if types is not None and type_ not in types:
            continue  # to be refused, like all that nobody reads
        given.register(conf, options.TYPE, section)
        base = general.get(type_, default) if cloud else default
        own = {
            option.dest: conf[section][option.dest]
            for option in options.TYPE
            if conf[section][option.dest] is not None
        }
        own |= {name: tuple(own[name]) for name in ("volatile", "sensitive") if name in own}
        merged = TypeSettings(
            **({option.dest: getattr(base, option.dest) for option in options.TYPE} | own)
        )
        if not cloud:
            general[type_] = merged
        yield (cloud, type_), merged


def _only_variables(given: Given, clouds: Collection[str]) -> Iterable[str]:
    """The sections of types that the environment alone names: OS_NOVA_SERVER__INTERVAL is of
    [nova.server]. The first part of the name, the service, has no underscore then."""
    known = {option.dest.upper() for option in options.TYPE}
    prefixes = {"": "", **{variable(f"cloud:{c}:", "")[3:-2]: f"cloud:{c}:" for c in clouds}}
    for _, section, option in given.variables():
        for prefix, full in prefixes.items():
            service, underscore, kind = section.removeprefix(prefix).lower().partition("_")
            if option in known and section.startswith(prefix) and underscore and service:
                yield f"{full}{service}.{kind}"
