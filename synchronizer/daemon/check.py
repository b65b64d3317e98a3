# SPDX-License-Identifier: Apache-2.0
"""Connects to everything that a configuration names, and says in a line each how that went."""

import grp
import os
import pathlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

from synchronizer import errors
from synchronizer.bus import topics
from synchronizer.bus.local.address import socket_path
from synchronizer.bus.local.ask import broker_status
from synchronizer.bus.notifier import Notifier
from synchronizer.bus.rpc import RpcClient
from synchronizer.bus.transport import notification_transport, redact_url, rpc_transport
from synchronizer.conf import CloudSettings, PluginSettings, Settings
from synchronizer.daemon.access import refuse_masks
from synchronizer.daemon.hearing import services_bus
from synchronizer.daemon.sources import make_plugin
from synchronizer.hearing import probe
from synchronizer.ledger.examine import examine
from synchronizer.monitor import parse_address

ANSWER_SECONDS = 5.0


class Finding(NamedTuple):
    """`what` was looked at; `problem` is None where it is well, else says what to do. With
    `advice` the daemon can run, but something had better be mended."""

    what: str
    problem: str | None = None
    advice: str | None = None


def check(
    settings: Settings, *, offline: bool = False, exposed: Iterable[str] = ()
) -> Iterator[Finding]:
    """Goes through the configuration, from the inside out. Changes nothing anywhere.

    `exposed`: files that hold secrets, and that everybody may read.
    """
    yield from judged("clouds", partial(clouds, settings))
    for file in exposed:
        yield Finding(
            f"secrets in {file}",
            advice=f"everybody on this host may read them: chmod o-rwx {file}",
        )
    for name, path in (
        ("state_path", settings.state_path),
        ("runtime_path", settings.runtime_path),
    ):
        yield from judged(f"{name} {path}", partial(directory, path))
    yield from judged("health and metrics", partial(listening, settings))
    if settings.local_socket is not None and settings.local.group:
        yield from judged(f"group {settings.local.group}", partial(group, settings.local.group))
    if offline:
        for cloud in settings.clouds:
            for plugin in cloud.plugins:
                name = f"cloud {cloud.name}, plugin {plugin.name}"
                yield from judged(name, partial(usable, cloud, plugin))
        return
    yield from judged(f"ledger {redact_url(settings.ledger.url)}", partial(ledger, settings))
    yield from judged(f"bus {redact_url(settings.transport_url)}", partial(bus, settings))
    if settings.notification_transport_url != settings.transport_url:
        yield from judged(
            f"bus for notifications {redact_url(settings.notification_transport_url)}",
            partial(notification_bus, settings),
        )
    for cloud in settings.clouds:
        for plugin in cloud.plugins:
            name = f"cloud {cloud.name}, plugin {plugin.name}"
            yield from judged(name, partial(source, settings, cloud, plugin))
            if cloud.notification_transport_url:
                yield from judged(f"{name}, notifications", partial(hears, cloud, plugin))


def judged(what: str, look: Callable[[], Iterable[str]]) -> Iterator[Finding]:
    """What a look found, and then the problems that it met."""
    try:
        for line in look():
            yield Finding(f"{what}: {line}")
    except errors.SynchronizerError as error:
        for problem in error.kwargs.get("problems", [error.message]):
            yield Finding(what, problem)
    except Exception as error:
        yield Finding(what, f"{type(error).__name__}: {error}")


def clouds(settings: Settings) -> Iterable[str]:
    if not settings.clouds:
        raise errors.BadConfiguration("none is named; set the option clouds in [DEFAULT]")
    return [", ".join(cloud.name for cloud in settings.clouds)]


def directory(path: pathlib.Path) -> Iterable[str]:
    nearest = path
    while not nearest.exists():
        nearest = nearest.parent
    if not os.access(nearest, os.W_OK | os.X_OK):
        if nearest == path:
            raise errors.BadConfiguration(
                f"{path} cannot be written by this user; is it the daemon's? Else change its owner"
            )
        raise errors.BadConfiguration(
            f"it is not there, and this user cannot make it in {nearest}; make it for the daemon's "
            "user (systemd makes the directories of its unit when it starts the service)"
        )
    return ["can be written" if nearest == path else "will be made"]


def group(name: str) -> Iterable[str]:
    try:
        grp.getgrnam(name)
    except KeyError:
        raise errors.BadConfiguration(
            f"there is no group {name!r}; make it, or correct group in [local]"
        ) from None
    return ["may use the local bus"]


def listening(settings: Settings) -> Iterable[str]:
    """Where the monitor will."""
    address = parse_address(settings.monitor.listen)
    return ["served nowhere" if address is None else f"served at {settings.monitor.listen}"]


def ledger(settings: Settings) -> Iterable[str]:
    if settings.ledger.url.startswith("sqlite:///"):
        path = pathlib.Path(settings.ledger.url.removeprefix("sqlite:///"))
        if not path.exists():
            directory(path.parent)
            return ["will be made"]
        if not os.access(path, os.R_OK | os.W_OK):
            raise errors.BadConfiguration(
                f"{path} cannot be written by this user; is it the daemon's? Else change its owner"
            )
    return [examine(settings.ledger.url)]


def bus(settings: Settings) -> Iterable[str]:
    if settings.transport_url.startswith("local://"):
        return local_bus(settings.transport_url)
    transport = rpc_transport(settings.transport_url, settings.rabbit_options)
    try:
        RpcClient(transport, timeout=ANSWER_SECONDS).call("describe")
    except errors.NobodyAnswers:
        return ["reachable; no daemon answers on it yet"]
    finally:
        transport.cleanup()
    return ["reachable, and a daemon answers"]


def notification_bus(settings: Settings) -> Iterable[str]:
    url = settings.notification_transport_url
    if url.startswith("local://"):
        return local_bus(url)
    transport = notification_transport(url, settings.rabbit_options)
    try:
        Notifier(transport, topics.publisher_id(settings.host)).reach(ANSWER_SECONDS)
    finally:
        transport.cleanup()
    return ["reachable"]


def local_bus(url: str) -> Iterable[str]:
    path = socket_path(url.removeprefix("local://").partition("?")[0])
    if not path.exists():
        return ["the daemon will start its broker here"]
    status = broker_status(str(path), timeout=5)
    return [f"the broker answers, {status.peers} connections"]


def hears(cloud: CloudSettings, plugin: PluginSettings) -> Iterable[str]:
    """Listens for a moment, as the daemon will."""
    made = make_plugin(cloud, plugin)
    try:
        bus = services_bus(cloud, plugin, made)
    finally:
        made.close()
    if bus is None:
        return ["none are listened to"]
    probe(bus.url, bus.name, bus.channels)
    return [f"{redact_url(bus.url)}: {', '.join('/'.join(of) for of in bus.channels)}"]


def source(settings: Settings, cloud: CloudSettings, plugin: PluginSettings) -> Iterable[str]:
    made = make_plugin(cloud, plugin)
    try:
        refuse_masks(settings, cloud.name, made)
        yield from made.check()
    except errors.NoSuchService as error:
        raise errors.NoSuchService(
            f"{error.message}; take {plugin.name} out of plugins in [cloud:{cloud.name}], or "
            "correct the region or the interface"
        ) from error
    finally:
        made.close()


def usable(cloud: CloudSettings, plugin: PluginSettings) -> Iterable[str]:
    """Nothing to say, if it is installed and takes its settings."""
    make_plugin(cloud, plugin).close()
    return []
