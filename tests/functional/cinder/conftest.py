# SPDX-License-Identifier: Apache-2.0
"""The plugin under test, pointed at a small Cinder."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from synchronizer.plugin import PluginContext
from synchronizer_plugins.cinder.plugin import CinderPlugin
from tests.functional.cinder.smallcinder import VERSION, SmallCinder, filled
from tests.support.scriptedcloud import ScriptedCloud, serving

MakePlugin = Callable[..., CinderPlugin]


@pytest.fixture
def cinder() -> SmallCinder:
    return filled()


@pytest.fixture
def cloud(
    cinder: SmallCinder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ScriptedCloud]:
    with serving("block-storage", VERSION, cinder.answer) as running:
        file = tmp_path / "clouds.yaml"
        running.write_clouds(file, "c1")
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(file))
        yield running


@pytest.fixture
def make_plugin(cloud: ScriptedCloud) -> Iterator[MakePlugin]:
    """`make_plugin(**settings)`; closed when the test ends."""
    made: list[CinderPlugin] = []

    def make(**settings: Any) -> CinderPlugin:
        plugin = CinderPlugin(PluginContext("c1", {"page_size": 2, "timeout": 30.0, **settings}))
        made.append(plugin)
        return plugin

    yield make
    for plugin in made:
        plugin.close()


@pytest.fixture
def plugin(make_plugin: MakePlugin) -> CinderPlugin:
    """Two entities a page."""
    return make_plugin()
