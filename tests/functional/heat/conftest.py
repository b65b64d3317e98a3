# SPDX-License-Identifier: Apache-2.0
"""The plugin under test, pointed at a small Heat."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from synchronizer.plugin import PluginContext
from synchronizer_plugins.heat.plugin import HeatPlugin
from tests.functional.heat.smallheat import VERSION, SmallHeat, filled
from tests.support.scriptedcloud import ScriptedCloud, serving

MakePlugin = Callable[..., HeatPlugin]


@pytest.fixture
def heat() -> SmallHeat:
    return filled()


@pytest.fixture
def cloud(
    heat: SmallHeat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ScriptedCloud]:
    with serving("orchestration", VERSION, heat.answer) as running:
        file = tmp_path / "clouds.yaml"
        running.write_clouds(file, "c1")
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(file))
        yield running


@pytest.fixture
def make_plugin(cloud: ScriptedCloud) -> Iterator[MakePlugin]:
    """`make_plugin(**settings)`; closed when the test ends."""
    made: list[HeatPlugin] = []

    def make(**settings: Any) -> HeatPlugin:
        plugin = HeatPlugin(PluginContext("c1", {"page_size": 2, "timeout": 30.0, **settings}))
        made.append(plugin)
        return plugin

    yield make
    for plugin in made:
        plugin.close()


@pytest.fixture
def plugin(make_plugin: MakePlugin) -> HeatPlugin:
    """Two stacks a page."""
    return make_plugin()
