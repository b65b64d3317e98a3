# SPDX-License-Identifier: Apache-2.0
"""The reference of all options as Markdown, from their declarations."""

from collections.abc import Iterable, Iterator
from typing import Any

from oslo_config import cfg

from synchronizer.bus import rabbit
from synchronizer.conf import libraries, options
from synchronizer.conf.secretfiles import with_files
from synchronizer.plugin.loader import available

#: Within a cell of a table.
BAR = "\\|"
#: What a section is for. Those of plugins and types stand for many.
SECTIONS = {
    "DEFAULT": "What all else stands on. Those of the log are at the end of this page.",
    "ledger": "The database of what there is and was.",
    "relay": "What publishes the changes.",
    "snapshot": "What answers questions.",
    "local": "The embedded bus, with `local://` in `transport_url`.",
    "monitor": "What watches the other processes, and tells of them over HTTP.",
    "oslo_reports": "Where a process writes what it is doing, at SIGUSR2.",
    "sampling": "How often each type is sampled, unless its own section says otherwise.",
}

HEAD = """\
# Options

<!-- Made by `make reference` from the declarations: edit those. -->

All that may stand in `synchronizer.conf`, as this version declares it. What an option may be set
to besides a file, and where secrets may come from: [Configuration](configuration.md).

*reload*: a running daemon takes a new value over at `systemctl reload synchronizer`, or SIGHUP.
Where it says no, the old value holds until it is started again, and the log says so.
"""

CLOUD = """\
One for each cloud that `clouds` names. Beside these, it may hold any setting of the cloud's
plugins: it is then for all of them that have it.
"""

PLUGIN = """\
Of every plugin. `[nova]` is for the plugin in all clouds, `[cloud:boston:nova]` for that of one,
and wins.
"""

TYPE = """\
Of every type. `[nova.server]` is for the type in all clouds, `[cloud:boston:nova.server]` for that
of one, and wins. What neither says, `[sampling]` says.
"""


def reference() -> str:
    """The whole page."""
    return "\n".join(["\n\n".join(part.rstrip("\n") for part in _parts()), ""])


def _parts() -> Iterator[str]:
    yield HEAD
    for name, opts in options.GROUPS.items():
        yield f"## [{name}]\n\n{SECTIONS[name]}"
        yield table(opts)
    yield f"## [cloud:NAME]\n\n{CLOUD}"
    yield table(options.CLOUD)
    yield f"## [PLUGIN], [cloud:NAME:PLUGIN]\n\n{PLUGIN}"
    yield table(options.PLUGIN)
    yield from _plugins()
    yield f"## [TYPE], [cloud:NAME:TYPE]\n\n{TYPE}"
    yield table(options.TYPE)
    yield f"## [{rabbit.GROUP}]\n\nOf oslo.messaging's driver, for the daemon's own bus alone."
    yield table(libraries.rabbit_opts())
    for name, of_log in libraries.log_opts():
        yield f"## [{name}]: the log\n\nOf oslo.log."
        yield table(of_log)


def _plugins() -> Iterator[str]:
    for plugin in sorted(available(), key=lambda plugin: plugin.name):
        yield f"### [{plugin.name}]"
        if plugin.types:
            names = ", ".join(f"`{name}`" for name in plugin.types)
            yield f"Its types: {names}. What its settings mean, its README tells in full."
        if plugin.settings:
            own = (options.setting_option(setting) for setting in plugin.settings)
            yield table(with_files(own))


def table(opts: Iterable[cfg.Opt]) -> str:
    """A row for each option."""
    rows = ["| option | is | default | reload | meaning |", "| --- | --- | --- | --- | --- |"]
    for option in opts:
        reload = "yes" if option.mutable else "no"
        cells = (f"`{option.dest}`", kind(option), default(option), reload, meaning(option))
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def kind(option: cfg.Opt) -> str:
    names = {
        "boolean": "true or false",
        "integer": "whole number",
        "floating point": "number",
        "string": "text",
        "list": "list",
        "multi valued": "text, several times",
        "host address": "host",
        "dict": "pairs",
    }
    found = str(getattr(option.type, "type_name", "")).removesuffix(" value")
    return names.get(found, found or "text")


def default(option: cfg.Opt) -> str:
    value = option.default if option.sample_default is None else option.sample_default
    if value is None or value in ("", []):
        return ""
    if isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, float) and value.is_integer():
        text = str(int(value))
    elif isinstance(value, list | tuple):
        text = ", ".join(map(str, value))
    else:
        text = str(value)
    return f"`{text.replace('|', BAR)}`"


def meaning(option: cfg.Opt) -> str:
    """Its help, and what its values are bound to."""
    help_ = " ".join((option.help or "").split()).replace("%%", "%")
    parts = [help_.replace("<", "&lt;").replace("*", "\\*").replace("|", BAR)]
    if choices := getattr(option.type, "choices", None):
        parts.append(f"One of {', '.join(f'`{choice}`' for choice in choices if choice)}.")
    bounds: list[tuple[str, Any]] = [
        ("At least", getattr(option.type, "min", None)),
        ("At most", getattr(option.type, "max", None)),
    ]
    parts += [f"{word} {bound}." for word, bound in bounds if bound is not None]
    return " ".join(part for part in parts if part)
