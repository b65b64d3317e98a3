# SPDX-License-Identifier: Apache-2.0
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from synchronizer.client import Client, Watch
from tests.functional.client.consumer import Consumer
from tests.functional.client.service import Service


@pytest.fixture
def service() -> Iterator[Service]:
    """Broker, ledger, relay and snapshot server, running."""
    # Not tmp_path: a socket's path may have 107 bytes.
    with tempfile.TemporaryDirectory() as directory:
        made = Service(Path(directory))
        made.start()
        yield made
        made.close()


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with Client(service.url, timeout=20) as made:
        yield made


@pytest.fixture
def consume(client: Client) -> Iterator[Callable[..., Consumer]]:
    """Begins to consume a watch in a thread."""
    made: list[Consumer] = []

    def start(watch: Watch) -> Consumer:
        made.append(Consumer(watch))
        return made[-1]

    yield start
    for consumer in made:
        consumer.close()
