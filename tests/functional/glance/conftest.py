# SPDX-License-Identifier: Apache-2.0
"""The plugin under test, pointed at a small Glance."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from synchronizer.plugin import PluginContext
from synchronizer_plugins.glance.plugin import GlancePlugin
from tests.functional.glance.smallglance import SmallGlance, filled
from tests.support.scriptedcloud import ScriptedCloud, serving


@pytest.fixture(params=["/image", "/image/v2"], ids=["without-version", "with-version"])
def endpoint(request: pytest.FixtureRequest) -> str:
    """The path of Glance's endpoint in the catalogue."""
    return str(request.param)


@pytest.fixture
def glance(endpoint: str) -> SmallGlance:
    return filled("" if endpoint.endswith("/v2") else "/v2")


@pytest.fixture
def cloud(
    glance: SmallGlance, endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ScriptedCloud]:
    with serving("image", endpoint, glance.answer) as running:
        file = tmp_path / "clouds.yaml"
        running.write_clouds(file, "c1")
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(file))
        yield running


@pytest.fixture
def plugin(cloud: ScriptedCloud) -> Iterator[GlancePlugin]:
    """Two images a page."""
    made = GlancePlugin(PluginContext("c1", {"page_size": 2, "timeout": 30.0}))
    yield made
    made.close()
