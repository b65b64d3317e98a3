# SPDX-License-Identifier: Apache-2.0
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from synchronizer.bus import topics, transport
from synchronizer.bus.subscription import Subscription
from synchronizer.ledger import Ledger
from tests.functional.bus.brokers import LocalBroker
from tests.unit.publishing.support import SERVERS, Author, open_ledger


@pytest.fixture
def broker() -> Iterator[LocalBroker]:
    # Not tmp_path: a socket's path may have 107 bytes.
    with tempfile.TemporaryDirectory() as directory:
        local = LocalBroker(Path(directory))
        yield local
        local.close()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = open_ledger(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def author(ledger: Ledger) -> Author:
    return Author(ledger)


@pytest.fixture
def subscription(broker: LocalBroker) -> Iterator[Subscription]:
    """Listens to the servers' topic."""
    made = transport.notification_transport(broker.url)
    listening = Subscription(made, [topics.topic_of(SERVERS.cloud, SERVERS.type)])
    assert listening.wait_started(20)
    yield listening
    listening.close()
    made.cleanup()
