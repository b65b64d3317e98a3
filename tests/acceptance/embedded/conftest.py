# SPDX-License-Identifier: Apache-2.0
"""Marks what is here as acceptance tests; a simulated cloud for each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.simulated import SimulatedCloud

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.acceptance)
            item.add_marker(pytest.mark.timeout(240))


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[SimulatedCloud]:
    with SimulatedCloud(tmp_path, servers=60) as simulated:
        yield simulated
