# SPDX-License-Identifier: Apache-2.0
"""A name in a file or in the environment that nothing reads is an error, with a suggestion."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from oslo_config import cfg

from synchronizer import errors
from synchronizer.conf import options
from synchronizer.conf.given import Given, variable

#: How alike a variable has to be to one of ours to be taken for a mistyped one.
_CLOSE = 0.85


def refuse_unknown(
    conf: cfg.ConfigOpts, given: Given, *, all_plugins: bool, types: Iterable[str] = ()
) -> None:
    """`errors.BadConfiguration` that names all sections, options and variables that nobody
    declared. Without `all_plugins` a section may be one of a plugin that is not known here.
    `types`: those that may have sections."""
    known = {"DEFAULT": names(conf._opts)}
    known |= {name: names(group._opts) for name, group in conf._groups.items()}
    prefixes = ["", *(f"cloud:{cloud}:" for cloud in conf.clouds)]
    of_types = [f"{prefix}{type_}" for prefix in prefixes for type_ in types]
    files = in_files(conf, given, known, all_plugins, of_types)
    unknown = [*files, *in_environment(given, known, of_types)]
    if unknown:
        raise errors.BadConfiguration("; ".join(unknown))


def in_files(
    conf: cfg.ConfigOpts,
    given: Given,
    known: Mapping[str, Iterable[str]],
    all_plugins: bool,
    of_types: Iterable[str],
) -> Iterator[str]:
    for section, entries in given.sections.items():
        if section not in known:
            told = why(conf, section, [*known, *of_types])
            if not entries or not (all_plugins or told):
                continue  # as in the sample, where all is commented out; or a plugin's
            yield f"section [{section}] is not known{told}"
            continue
        for name in entries:
            if name not in known[section]:
                yield (
                    f"option {name} in [{section}] is not known{suggestion(name, known[section])}"
                )


def in_environment(
    given: Given, known: Mapping[str, Iterable[str]], of_types: Iterable[str]
) -> Iterator[str]:
    """Variables of the form of ours. Other programs of OpenStack have such, too: only those are
    refused that are of a section of ours, or much like one of ours."""
    ours = {variable(section, name) for section, of in known.items() for name in of}
    sections = {name.rpartition("__")[0] for name in ours} - {"OS_DEFAULT"}
    may_be = ours | {variable(name, option.dest) for name in of_types for option in options.TYPE}
    for name, _, _ in given.variables():
        if name in ours or name.upper() != name:
            continue
        close = difflib.get_close_matches(name, may_be, n=1, cutoff=_CLOSE)
        if close or name.rpartition("__")[0] in sections:
            yield f"environment variable {name} is not known{meant(close)}"


def names(declared: Mapping[str, Any]) -> set[str]:
    """Every name under which options may stand in a file."""
    found: set[str] = set()
    for entry in declared.values():
        option = entry["opt"]
        found |= {option.name, option.dest, *(old.name for old in option.deprecated_opts)}
    return found


def why(conf: cfg.ConfigOpts, section: str, known: Iterable[str]) -> str:
    """What makes a section one of ours."""
    kind, _, rest = section.partition(":")
    cloud, _, plugin = rest.partition(":")
    if kind == "cloud" and cloud in conf.clouds and plugin and "." not in plugin:
        return (
            f"{suggestion(section, known)}; it needs {plugin} among the plugins of [cloud:{cloud}]"
        )
    if kind == "cloud" and cloud not in conf.clouds:
        return f"{suggestion(section, known)}; it needs {cloud} among the clouds in [DEFAULT]"
    return suggestion(section, known)


def suggestion(name: str, known: Iterable[str]) -> str:
    return meant(difflib.get_close_matches(name, [k for k in known if k], n=1))


def meant(close: list[str]) -> str:
    return f"; did you mean {close[0]}?" if close else ""
