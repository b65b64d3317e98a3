# SPDX-License-Identifier: Apache-2.0
"""The tests' own cloud, and its plugin."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from synchronizer.plugin import PluginContext
from tests.functional.openstack import fleet as fleets
from tests.functional.openstack.fleet import Fleet
from tests.functional.openstack.plugin import FleetPlugin

MakePlugin = Callable[..., FleetPlugin]


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    with fleets.serving() as running:
        yield running


@pytest.fixture
def clouds_yaml(
    tmp_path: Path, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Path]:
    """`clouds_yaml(auth={...}, **entry)` writes the entry c1, and has the environment name it."""

    def write(auth: dict[str, Any] | None = None, **entry: Any) -> Path:
        given = {
            "username": "admin",
            "password": "secret",
            "project_name": "own",
            "user_domain_name": "Default",
            "project_domain_name": "Default",
        }
        whole = {"auth_url": f"{fleet.url}/identity/v3", **(given if auth is None else auth)}
        entry = {"region_name": "RegionOne", "auth": whole, **entry}
        file = tmp_path / "clouds.yaml"
        file.write_text(json.dumps({"clouds": {"c1": entry}}))
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(file))
        return file

    return write


@pytest.fixture
def make_plugin(clouds_yaml: Callable[..., Path]) -> Iterator[MakePlugin]:
    """`make_plugin(auth=None, settings={...}, **entry of clouds.yaml)`; closed in the end."""
    made: list[FleetPlugin] = []

    def make(
        auth: dict[str, Any] | None = None, settings: dict[str, Any] | None = None, **entry: Any
    ) -> FleetPlugin:
        clouds_yaml(auth, **entry)
        plugin = FleetPlugin(PluginContext("c1", settings or {}))
        made.append(plugin)
        return plugin

    yield make
    for plugin in made:
        plugin.close()
