# SPDX-License-Identifier: Apache-2.0
"""The options of `watch --embedded`, and what it makes of them."""

import argparse
import contextlib
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from synchronizer import errors
from synchronizer.bus import topics
from synchronizer.cli.numbers import not_negative, positive

if TYPE_CHECKING:
    from synchronizer.embedded import Embedded

#: The setting by which OpenStack's plugins know their entry of clouds.yaml.
OS_CLOUD = "os_cloud"

#: What goes with --embedded only: attribute, option.
ITS_OWN = (
    ("os_cloud", "--os-cloud"),
    ("settings", "--set"),
    ("ledger", "--ledger"),
    ("since", "--since"),
    ("interval", "--interval"),
    ("changes_interval", "--changes-interval"),
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options, in a group of their own."""
    group = parser.add_argument_group(
        "without a daemon", "sample and watch in this one process, with no bus"
    )
    group.add_argument("--embedded", action="store_true", help="no daemon, no bus")
    group.add_argument(
        "--os-cloud",
        metavar="NAME",
        help="entry of clouds.yaml (default: OS_CLOUD); --cloud names it otherwise in the output",
    )
    group.add_argument(
        "--set",
        dest="settings",
        action="append",
        metavar="PLUGIN.SETTING=VALUE",
        help="a setting of a plugin, as nova.region=RegionOne; may be repeated",
    )
    group.add_argument(
        "--ledger",
        metavar="DIRECTORY",
        help="keep what is recorded there, to go on from it another time (default: forget it)",
    )
    group.add_argument(
        "--since",
        action="append",
        metavar="[TYPE=]EPOCH:REVISION",
        help="with --ledger: only what was recorded after that, instead of everything",
    )
    group.add_argument(
        "--interval",
        type=positive,
        metavar="SECONDS",
        help="between complete listings (default: 600)",
    )
    group.add_argument(
        "--changes-interval",
        type=not_negative,
        metavar="SECONDS",
        help="between questions for what has changed (default: 5; 0: none)",
    )


def complaint(parsed: argparse.Namespace, options: argparse.Namespace) -> str | None:
    """Why the options do not go together; None if they do. `options`: the global ones."""
    if not parsed.embedded:
        given = [option for name, option in ITS_OWN if getattr(parsed, name) is not None]
        return f"{', '.join(given)} only with --embedded" if given else None
    if options.transport_url:
        return "--embedded uses no bus: leave --transport-url out"
    if options.config_file:
        return "--embedded reads no configuration: leave --config-file out, and see --set"
    if parsed.wait:
        return "--embedded has no daemon to wait for: leave --wait out"
    if parsed.since and not parsed.ledger:
        return "--since needs the --ledger that it speaks of"
    os_cloud = _os_cloud(parsed)
    if not (options.cloud or os_cloud):
        return (
            "--embedded needs --os-cloud NAME (or OS_CLOUD); --cloud NAME for a source that is no "
            "OpenStack"
        )
    try:
        topics.check_cloud(options.cloud or os_cloud)
    except topics.BadName as error:
        return str(error) if options.cloud else f"{error}; give it a name with --cloud NAME"
    return None


@contextlib.contextmanager
def opened(parsed: argparse.Namespace, options: argparse.Namespace) -> Iterator["Embedded"]:
    """What samples, as the options say, for as long as the block lasts."""
    try:
        from synchronizer.embedded import Embedded
    except ModuleNotFoundError as error:
        raise errors.BadConfiguration(
            f"--embedded needs parts that are not installed ({error.name}): "
            "install Synchronizer with its extra [openstack]"
        ) from None
    os_cloud = _os_cloud(parsed)
    arguments: dict[str, Any] = {}
    if parsed.interval is not None:
        arguments["interval"] = parsed.interval
    if parsed.changes_interval is not None:
        arguments["changes_interval"] = parsed.changes_interval or None
    settings = settings_of(parsed.settings or ())
    if os_cloud:
        for plugin in _of_openstack(parsed.types):
            settings.setdefault(plugin, {}).setdefault(OS_CLOUD, os_cloud)
    with Embedded(
        parsed.types,
        cloud=options.cloud or os_cloud,
        settings=settings,
        directory=parsed.ledger,
        **arguments,
    ) as embedded:
        yield embedded


def settings_of(texts: Sequence[str]) -> dict[str, dict[str, Any]]:
    """By plugin: the values, as texts. `errors.BadConfiguration` for one without its form."""
    settings: dict[str, dict[str, Any]] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        plugin, dot, setting = name.partition(".")
        if not (plugin and dot and setting and equals):
            # What follows the sign may be a secret.
            raise errors.BadConfiguration(f"--set {name}: it takes PLUGIN.SETTING=VALUE")
        settings.setdefault(plugin, {})[setting] = value
    return settings


def since_of(texts: Sequence[str], types: Sequence[str]) -> dict[str, tuple[str, int]]:
    """By entity type: epoch and revision. The type may be left out where there is only one."""
    since: dict[str, tuple[str, int]] = {}
    for text in texts:
        type_, equals, token = text.rpartition("=")
        if not equals and len(types) == 1:
            type_ = types[0]
        epoch, _, revision = token.partition(":")
        if not (type_ and epoch and revision.isdecimal()):
            raise errors.BadConfiguration(f"--since {text}: it takes [TYPE=]EPOCH:REVISION")
        since[type_] = (epoch, int(revision))
    return since


def _of_openstack(types: Sequence[str]) -> list[str]:
    """The plugins of these types that know of clouds.yaml."""
    from synchronizer.plugin.loader import available

    return [
        info.name
        for info in available()
        if not info.error
        and any(setting.name == OS_CLOUD for setting in info.settings)
        and any(type_ in info.types for type_ in types)
    ]


def _os_cloud(parsed: argparse.Namespace) -> str:
    return parsed.os_cloud or os.environ.get("OS_CLOUD") or ""
