# SPDX-License-Identifier: Apache-2.0
"""A simulated cloud, and virtual hosts of a RabbitMQ for daemons and consumers."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.engines.rabbit import RabbitBroker, RabbitNode
from tests.support.simulated import SimulatedCloud

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.acceptance)
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedCloud]:
    with SimulatedCloud(tmp_path_factory.mktemp("cloud"), servers=20) as cloud:
        yield cloud


@pytest.fixture
def make_vhost(rabbit_node: RabbitNode) -> Iterator[Callable[[], RabbitBroker]]:
    """Makes virtual hosts."""
    made: list[RabbitBroker] = []

    def make() -> RabbitBroker:
        made.append(RabbitBroker(rabbit_node))
        return made[-1]

    yield make
    for vhost in made:
        vhost.close()
