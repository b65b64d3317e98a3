# SPDX-License-Identifier: Apache-2.0
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from synchronizer.client import Client, Watch
from tests.functional.client.commands import Commands
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


@pytest.fixture
def commands(service: Service, monkeypatch: pytest.MonkeyPatch) -> Commands:
    """Commands that ask the service, which has two servers."""
    monkeypatch.delenv("SYNCHRONIZER_TRANSPORT_URL", raising=False)
    monkeypatch.delenv("SYNCHRONIZER_NOTIFICATION_TRANSPORT_URL", raising=False)
    service.fill(2)
    return Commands(service)


@pytest.fixture
def processes() -> Iterator[list[subprocess.Popen[str]]]:
    """What is put here is killed in the end."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
