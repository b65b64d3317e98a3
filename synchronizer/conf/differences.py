# SPDX-License-Identifier: Apache-2.0
"""What is another in a configuration that was read again, option by option."""

import dataclasses
from collections.abc import Iterator
from typing import Any

from oslo_config import cfg
from oslo_log import _options as log_options

#: oslo.config's own: where the configuration is.
_WHERE = frozenset({"config_file", "config_dir", "config_source", "shell_completion"})

LOG_OPTIONS = frozenset(option.dest for _, options in log_options.list_opts() for option in options)

UNSET = "not set"


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """An option of a section that has another value. `old` and `new` show no secret."""

    option: str
    section: str
    old: str
    new: str
    #: Whether a running daemon can take it over.
    mutable: bool

    @property
    def logs(self) -> bool:
        """Whether it is an option of the log."""
        return self.section == "DEFAULT" and self.option in LOG_OPTIONS

    def __str__(self) -> str:
        return f"[{self.section}] {self.option}"


@dataclasses.dataclass(frozen=True, slots=True)
class Value:
    """An option's value as it was read."""

    value: Any = dataclasses.field(repr=False)
    option: cfg.Opt

    def shown(self) -> str:
        if self.value in (None, "", []):
            return UNSET
        if self.option.secret:
            return "a secret"
        if isinstance(self.value, list):
            return ", ".join(map(str, self.value))
        return str(self.value)


Values = dict[tuple[str, str], Value]


def values(conf: cfg.ConfigOpts) -> Values:
    """By section and option, all that were registered when `conf` was read."""
    found = {}
    for section, option in options_of(conf):
        value = conf[option.dest] if section == "DEFAULT" else conf[section][option.dest]
        found[section, option.dest] = Value(value, option)
    return found


def options_of(conf: cfg.ConfigOpts) -> Iterator[tuple[str, cfg.Opt]]:
    """By section, all that are registered, but for those that say where the configuration is."""
    sections = [("DEFAULT", conf._opts), *((n, g._opts) for n, g in conf._groups.items())]
    for section, opts in sections:
        for dest, info in list(opts.items()):
            if section != "DEFAULT" or dest not in _WHERE:
                yield section, info["opt"]


def differences(old: Values, new: Values) -> list[Difference]:
    """In the order of the sections. A section that is not there has the defaults."""
    found = []
    for key in sorted(old.keys() | new.keys()):
        known = new.get(key) or old[key]
        missing = Value(known.option.default, known.option)
        before, after = old.get(key, missing), new.get(key, missing)
        if before.value == after.value:
            continue
        section, option = key
        shown = (before.shown(), after.shown())
        if known.option.secret and UNSET not in shown:
            shown = ("a secret", "another secret")
        mutable = bool(known.option.mutable) or (section == "DEFAULT" and option in LOG_OPTIONS)
        found.append(Difference(option, section, *shown, mutable=mutable))
    return found
