# SPDX-License-Identifier: Apache-2.0
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import oslo_messaging
import pytest
from oslo_messaging.notify import listener as notify_listener
from oslo_messaging.transport import NotificationTransport, RPCTransport

from synchronizer.bus import transport
from tests.engines.rabbit import RabbitBroker

from .brokers import BrokerUnderTest, LocalBroker


@pytest.fixture(params=["local", "rabbit"])
def broker(request: pytest.FixtureRequest) -> Iterator[BrokerUnderTest]:
    """A broker of each kind, for this test alone."""
    if request.param == "rabbit":
        vhost = RabbitBroker(request.getfixturevalue("rabbit_node"))
        yield vhost
        vhost.close()
        return
    # Not tmp_path: a socket's path may have 107 bytes.
    with tempfile.TemporaryDirectory() as directory:
        local = LocalBroker(Path(directory))
        yield local
        local.close()


@pytest.fixture
def bus_url(broker: BrokerUnderTest) -> str:
    return broker.url


@pytest.fixture
def make_local() -> Iterator[Callable[..., LocalBroker]]:
    """Makes local brokers with options of their own."""
    made: list[LocalBroker] = []
    with tempfile.TemporaryDirectory() as directory:

        def make(*options: str) -> LocalBroker:
            place = Path(directory) / str(len(made))
            place.mkdir()
            made.append(LocalBroker(place, *options))
            return made[-1]

        yield make
        for broker in made:
            broker.close()


@pytest.fixture
def rpc(bus_url: str) -> Iterator[RPCTransport]:
    made = transport.rpc_transport(bus_url)
    yield made
    made.cleanup()


@pytest.fixture
def notifications(bus_url: str) -> Iterator[NotificationTransport]:
    made = transport.notification_transport(bus_url)
    yield made
    made.cleanup()


class Collector:
    """A stock listener's endpoint that remembers what it got."""

    def __init__(self) -> None:
        self.payloads: list[dict[str, object]] = []

    def info(self, ctxt: object, publisher_id: str, event_type: str, payload, metadata) -> None:  # type: ignore[no-untyped-def]
        self.payloads.append(payload)


@pytest.fixture
def listen(
    notifications: NotificationTransport,
) -> Iterator[Callable[..., Collector]]:
    """Starts stock listeners on a topic, each with its own collector."""
    servers: list[notify_listener.NotificationServer] = []

    def start(topic: str, pool: str | None = None) -> Collector:
        collector = Collector()
        server = oslo_messaging.get_notification_listener(
            notifications, [oslo_messaging.Target(topic=topic)], [collector], pool=pool
        )
        server.start(override_pool_size=1)
        servers.append(server)
        return collector

    yield start
    for server in servers:
        server.stop()
        server.wait()
