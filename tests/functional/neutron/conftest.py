# SPDX-License-Identifier: Apache-2.0
"""The plugin under test, pointed at a small Neutron."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from synchronizer.plugin import PluginContext
from synchronizer_plugins.neutron.plugin import NeutronPlugin
from tests.functional.neutron.smallneutron import SmallNeutron, filled
from tests.support.scriptedcloud import ScriptedCloud, serving

MakePlugin = Callable[..., NeutronPlugin]


@pytest.fixture
def neutron() -> SmallNeutron:
    return filled()


@pytest.fixture(params=[""], ids=[""])
def cloud(
    neutron: SmallNeutron,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Iterator[ScriptedCloud]:
    """Its catalogue names Neutron without a version, or with what a test asks for."""
    with serving("network", request.param, neutron.answer) as running:
        file = tmp_path / "clouds.yaml"
        running.write_clouds(file, "c1")
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(file))
        yield running


@pytest.fixture
def make_plugin(cloud: ScriptedCloud) -> Iterator[MakePlugin]:
    """`make_plugin(**settings)`; closed when the test ends."""
    made: list[NeutronPlugin] = []

    def make(**settings: Any) -> NeutronPlugin:
        plugin = NeutronPlugin(PluginContext("c1", {"page_size": 2, "timeout": 30.0, **settings}))
        made.append(plugin)
        return plugin

    yield make
    for plugin in made:
        plugin.close()


@pytest.fixture
def plugin(make_plugin: MakePlugin) -> NeutronPlugin:
    """Two entities a page."""
    return make_plugin()
