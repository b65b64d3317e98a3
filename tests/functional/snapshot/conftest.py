# SPDX-License-Identifier: Apache-2.0
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from oslo_messaging.transport import RPCTransport

from synchronizer.bus import topics, transport
from synchronizer.bus.rpc import RpcClient
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
    made = Author(ledger)
    made.listed()
    return made


@pytest.fixture
def rpc(broker: LocalBroker) -> Iterator[RPCTransport]:
    made = transport.rpc_transport(broker.url)
    yield made
    made.cleanup()


@pytest.fixture
def client(rpc: RPCTransport) -> RpcClient:
    return RpcClient(rpc, timeout=20.0)


@pytest.fixture
def subscription(broker: LocalBroker) -> Iterator[Subscription]:
    """Listens to the servers' topic."""
    made = transport.notification_transport(broker.url)
    listening = Subscription(made, [topics.topic_of(SERVERS.cloud, SERVERS.type)])
    assert listening.wait_started(20)
    yield listening
    listening.close()
    made.cleanup()
