# SPDX-License-Identifier: Apache-2.0
"""The plugin for Nova keeps the promises of all plugins: for servers against the simulated
cloud, for the rest against a scripted one."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from synchronizer.model import EntityType
from synchronizer.plugin import Plugin, PluginContext
from synchronizer.plugin.conformance import Notified, PluginConformance, Source
from synchronizer.simulator import PASSWORD, USER_DATA_MARKER, Running, Simulator
from synchronizer_plugins.nova.plugin import NovaPlugin
from tests.functional.nova import scripted
from tests.functional.nova.compute_api import ComputeApi, entity_id
from tests.unit.plugins.nova.recorded import recorded
from tests.unit.plugins.nova.test_nova_notifications import expected

SERVERS = frozenset({"nova.server"})  # all that the simulated cloud has
CREATED = frozenset({"nova.aggregate", "nova.flavor", "nova.server_group"})
OTHERS = CREATED | {"nova.hypervisor", "nova.service"}


class SimulatedNova(Source):
    """25 servers, 10 a page."""

    def __init__(self, running: Running) -> None:
        self._running = running

    def make_plugin(self) -> Plugin:
        return NovaPlugin(PluginContext("c1", {"timeout": 30.0}, SERVERS))

    def make_unreachable_plugin(self) -> Plugin:
        return NovaPlugin(PluginContext("closed", {"timeout": 5.0}, SERVERS))

    def secrets(self) -> list[str]:
        return [PASSWORD, USER_DATA_MARKER]

    def create(self, type_: EntityType) -> str:
        return self._running.control.mutate("create")

    def update(self, type_: EntityType, id_: str) -> None:
        self._running.control.mutate("rename", id_)

    def delete(self, type_: EntityType, id_: str) -> None:
        self._running.control.mutate("delete", id_)

    def notifications(self) -> Iterable[Notified]:
        return notified(of_servers=True)


class ScriptedNova(Source):
    """Three entities a page, some of them on the last one."""

    def __init__(self, api: ComputeApi) -> None:
        self._api = api

    def make_plugin(self) -> Plugin:
        return NovaPlugin(PluginContext("c1", {"timeout": 30.0}, OTHERS))

    def make_unreachable_plugin(self) -> Plugin:
        return NovaPlugin(PluginContext("closed", {"timeout": 5.0}, OTHERS))

    def secrets(self) -> list[str]:
        return [PASSWORD]

    def creatable(self, type_: EntityType) -> bool:
        return type_.name in CREATED

    def create(self, type_: EntityType) -> str:
        return self._api.create(type_.name)

    def update(self, type_: EntityType, id_: str) -> None:
        self._api.update(type_.name, id_)

    def delete(self, type_: EntityType, id_: str) -> None:
        self._api.delete(type_.name, id_)

    def absent_id(self, type_: EntityType) -> str:
        return entity_id(7)

    def notifications(self) -> Iterable[Notified]:
        return notified(of_servers=False)


def notified(*, of_servers: bool) -> Iterable[Notified]:
    """What a real Nova sent, of servers or of the rest."""
    for event_type, payload in recorded():
        hints = expected(event_type, payload)
        if any(hint.type in SERVERS for hint in hints) == of_servers:
            found = frozenset((hint.type, hint.id) for hint in hints)
            yield Notified(event_type, payload, found)


class TestNovaServers(PluginConformance):
    @pytest.fixture
    def source(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
        with Simulator(servers=25, seed=7, page_limit=10).serving() as running:
            write_clouds(tmp_path, monkeypatch, running.auth_url)
            yield SimulatedNova(running)


class TestNovaInventory(PluginConformance):
    @pytest.fixture
    def source(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
        with scripted.serving() as cloud:
            write_clouds(tmp_path, monkeypatch, cloud.auth_url)
            yield ScriptedNova(ComputeApi(cloud))


def write_clouds(directory: Path, monkeypatch: pytest.MonkeyPatch, auth_url: str) -> None:
    """c1, and `closed`, which leads to a port where nobody listens."""
    auth = {
        "username": "admin",
        "password": PASSWORD,
        "project_name": "admin",
        "user_domain_name": "Default",
        "project_domain_name": "Default",
    }
    clouds = {
        "c1": {"auth": {**auth, "auth_url": auth_url}},
        # Nothing ever listens on the port of TCP's multiplexer.
        "closed": {"auth": {**auth, "auth_url": "http://127.0.0.1:1/v3"}},
    }
    file = directory / "clouds.yaml"
    file.write_text(json.dumps({"clouds": clouds}))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(file))
