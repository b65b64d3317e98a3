# SPDX-License-Identifier: Apache-2.0
"""Marks what is here as acceptance tests; a stage for each."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.demo.staging import Staged

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.acceptance)
            item.add_marker(pytest.mark.timeout(240))


@pytest.fixture
def staged() -> Iterator[Staged]:
    # Short, as a Unix socket's path has to be.
    with tempfile.TemporaryDirectory(prefix="staged-") as directory:
        staged = Staged(Path(directory))
        yield staged
        staged.end()
