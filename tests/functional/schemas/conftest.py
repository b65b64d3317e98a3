# SPDX-License-Identifier: Apache-2.0
import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from synchronizer.model import StreamKey
from tests.functional.bus.brokers import LocalBroker
from tests.functional.client.service import STREAM, Service
from tests.support.wire import Calling, Listening, Overheard

#: A stream that was never listed.
UNLISTED = StreamKey("c1", "cinder.volume")


@pytest.fixture(scope="package")
def broker() -> Iterator[LocalBroker]:
    # Not tmp_path: a socket's path may have 107 bytes.
    with tempfile.TemporaryDirectory() as directory:
        made = LocalBroker(Path(directory))
        yield made
        made.close()


@contextlib.contextmanager
def serving(broker: LocalBroker, folder: Path) -> Iterator[Service]:
    """Ledger, relay and snapshot server, running."""
    made = Service(folder)
    made.url = broker.url
    made.ledger.ensure_stream(UNLISTED, "rules")
    made.start_daemon()
    yield made
    made.close()


@pytest.fixture
def service(broker: LocalBroker, tmp_path: Path) -> Iterator[Service]:
    with serving(broker, tmp_path) as made:
        yield made


@pytest.fixture
def overheard(service: Service) -> Iterator[Overheard]:
    listening = Listening(service.url, STREAM, UNLISTED)
    yield listening.overheard
    listening.close()


@pytest.fixture
def calling(service: Service) -> Iterator[Calling]:
    made = Calling(service.url)
    yield made
    made.close()
