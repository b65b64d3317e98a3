# SPDX-License-Identifier: Apache-2.0
"""The seeded cloud, with a clouds.yaml that has an entry whose services do not answer."""

import pytest

from tests.acceptance.cloud.running import RunningCloud
from tests.acceptance.cloud.sources.real import write_clouds


@pytest.fixture
def seeded(
    whole: RunningCloud, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> RunningCloud:
    """The cloud, with some of everything, found by plugins through the environment."""
    clouds = write_clouds(whole, tmp_path_factory.mktemp("clouds") / "clouds.yaml")
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds))
    return whole
