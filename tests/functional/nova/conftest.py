# SPDX-License-Identifier: Apache-2.0
"""The plugin under test, pointed at the simulated cloud or at a scripted one."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from synchronizer.plugin import PluginContext
from synchronizer.simulator import PASSWORD, Running, Simulator
from synchronizer_plugins.nova.plugin import NovaPlugin
from tests.functional.nova import scripted

MakePlugin = Callable[..., NovaPlugin]


@pytest.fixture
def make_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakePlugin]:
    """`make_plugin(auth_url, user="admin", **settings)`, of servers; closed when the test ends."""
    made: list[NovaPlugin] = []

    def make(
        auth_url: str, user: str = "admin", password: str = PASSWORD, **settings: Any
    ) -> NovaPlugin:
        auth = {
            "auth_url": auth_url,
            "username": user,
            "password": password,
            "project_name": user,
            "user_domain_name": "Default",
            "project_domain_name": "Default",
        }
        file = tmp_path / "clouds.yaml"
        file.write_text(json.dumps({"clouds": {"c1": {"auth": auth, "region_name": "RegionOne"}}}))
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(file))
        plugin = NovaPlugin(PluginContext("c1", settings, frozenset({"nova.server"})))
        made.append(plugin)
        return plugin

    yield make
    for plugin in made:
        plugin.close()


@pytest.fixture
def simulated() -> Iterator[Running]:
    """A simulated cloud of 25 servers that gives at most 10 a page."""
    with Simulator(servers=25, seed=7, page_limit=10).serving() as running:
        yield running


@pytest.fixture
def plugin(simulated: Running, make_plugin: MakePlugin) -> NovaPlugin:
    """The plugin as the simulated cloud's admin."""
    return make_plugin(simulated.auth_url)


@pytest.fixture
def cloud() -> Iterator[scripted.Scripted]:
    with scripted.serving() as running:
        yield running


@pytest.fixture
def told(cloud: scripted.Scripted, make_plugin: MakePlugin) -> NovaPlugin:
    """The plugin as the scripted cloud's admin, two servers a page, three seconds a request."""
    return make_plugin(cloud.auth_url, page_size=2, timeout=3.0)
