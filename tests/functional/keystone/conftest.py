# SPDX-License-Identifier: Apache-2.0
"""The plugin under test, pointed at a small Keystone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from synchronizer.plugin import PluginContext
from synchronizer_plugins.keystone.plugin import KeystonePlugin
from tests.functional.keystone.smallkeystone import SmallKeystone, filled
from tests.support.scriptedcloud import ScriptedCloud, serving


@pytest.fixture(params=["/small", "/small/v3"], ids=["without-version", "with-version"])
def endpoint(request: pytest.FixtureRequest) -> str:
    """The path of Keystone's endpoint in the catalogue."""
    return str(request.param)


@pytest.fixture
def keystone(endpoint: str) -> SmallKeystone:
    return filled("" if endpoint.endswith("/v3") else "/v3")


@pytest.fixture
def cloud(
    keystone: SmallKeystone, endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ScriptedCloud]:
    with serving("identity", endpoint, keystone.answer) as running:
        file = tmp_path / "clouds.yaml"
        running.write_clouds(file, "c1")
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(file))
        yield running


@pytest.fixture
def plugin(cloud: ScriptedCloud) -> Iterator[KeystonePlugin]:
    """Two entities a page."""
    made = KeystonePlugin(PluginContext("c1", {"page_size": 2, "timeout": 30.0}))
    yield made
    made.close()
