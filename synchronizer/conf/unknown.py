# SPDX-License-Identifier: Apache-2.0
"""A name in a configuration file that nothing reads is an error, with a suggestion."""

import difflib
from collections.abc import Mapping
from typing import Any

from oslo_config import cfg

from synchronizer import errors


def refuse_unknown(conf: cfg.ConfigOpts, sections: Mapping[str, Mapping[str, Any]]) -> None:
    """`errors.BadConfiguration` for the first section or option that nobody declared."""
    known = {"DEFAULT": names(conf._opts)}
    known |= {name: names(group._opts) for name, group in conf._groups.items()}
    for section, entries in sections.items():
        if section not in known:
            if not entries:
                continue  # as in the sample, where all is commented out
            raise errors.BadConfiguration(
                f"section [{section}] is not known{suggestion(section, known)}"
            )
        for name in entries:
            if name not in known[section]:
                raise errors.BadConfiguration(
                    f"option {name} in [{section}] is not known{suggestion(name, known[section])}"
                )


def names(declared: Mapping[str, Any]) -> set[str]:
    """Every name under which options may stand in a file."""
    found: set[str] = set()
    for entry in declared.values():
        option = entry["opt"]
        found |= {option.name, option.dest, *(old.name for old in option.deprecated_opts)}
    return found


def suggestion(name: str, known: Any) -> str:
    close = difflib.get_close_matches(name, [k for k in known if k], n=1)
    return f"; did you mean {close[0]}?" if close else ""
