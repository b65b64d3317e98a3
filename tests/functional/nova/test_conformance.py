# SPDX-License-Identifier: Apache-2.0
"""The plugin for Nova keeps the promises of all plugins, against the simulated cloud."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from synchronizer.model import EntityType
from synchronizer.plugin import Plugin, PluginContext
from synchronizer.plugin.conformance import PluginConformance, Source
from synchronizer.simulator import PASSWORD, USER_DATA_MARKER, Running, Simulator
from synchronizer_plugins.nova.plugin import NovaPlugin


SERVERS = frozenset({"nova.server"})  # all that the simulated cloud has


class SimulatedNova(Source):
    """25 servers, 10 a page. `closed` in clouds.yaml leads to a port where nobody listens."""

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


class TestNova(PluginConformance):
    @pytest.fixture
    def source(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
        with Simulator(servers=25, seed=7, page_limit=10).serving() as running:
            auth = {
                "username": "admin",
                "password": PASSWORD,
                "project_name": "admin",
                "user_domain_name": "Default",
                "project_domain_name": "Default",
            }
            clouds = {
                "c1": {"auth": {**auth, "auth_url": running.auth_url}},
                # Nothing ever listens on the port of TCP's multiplexer.
                "closed": {"auth": {**auth, "auth_url": "http://127.0.0.1:1/v3"}},
            }
            file = tmp_path / "clouds.yaml"
            file.write_text(json.dumps({"clouds": clouds}))
            monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(file))
            yield SimulatedNova(running)
