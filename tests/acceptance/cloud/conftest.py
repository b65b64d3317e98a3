# SPDX-License-Identifier: Apache-2.0
"""Tests of a real OpenStack; see `fixtures`."""

from pathlib import Path

import pytest

from tests.acceptance.cloud.running import RunningCloud

HERE = Path(__file__).parent
# Whole seconds; creating a cloud is part of the first test's time.
TIMEOUT = 900


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.acceptance)
            item.add_marker(pytest.mark.timeout(TIMEOUT))


@pytest.fixture(scope="session")
def cloud(world: RunningCloud, request: pytest.FixtureRequest) -> RunningCloud:
    """The cloud, with Nova's own page maximum or the one asked for.

    ``@pytest.mark.parametrize("cloud", [5], indirect=True)`` gives pages of 5: only
    nova-api restarts.
    """
    world.cloud.set_page(getattr(request, "param", None))
    return world
