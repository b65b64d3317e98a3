# SPDX-License-Identifier: Apache-2.0
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from synchronizer.hearing import Channel, Listener
from tests.engines.rabbit import RabbitBroker, RabbitNode
from tests.functional.hearing.service import TOPIC, Inbox, Other, Service, States

EXCHANGE = "nova"


@pytest.fixture
def vhost(rabbit_node: RabbitNode) -> Iterator[RabbitBroker]:
    made = RabbitBroker(rabbit_node)
    yield made
    made.close()


@pytest.fixture
def make_service(vhost: RabbitBroker) -> Iterator[Callable[..., Service]]:
    made: list[Service] = []

    def make(**options: Any) -> Service:
        made.append(Service(vhost.url, EXCHANGE, **options))
        return made[-1]

    yield make
    for service in made:
        service.close()


@pytest.fixture
def service(make_service: Callable[..., Service]) -> Service:
    """One that has sent something, so that its exchange is there."""
    made = make_service()
    made.send(range(-1, 0))
    return made


@pytest.fixture
def others(service: Service) -> Iterator[list[Other]]:
    made = [Other(service, EXCHANGE, pooled=pooled) for pooled in (True, False)]
    yield made
    for other in made:
        other.close()


class Ours:
    """A listener of ours, and what it was told."""

    def __init__(self, url: str, *channels: Channel) -> None:
        self.inbox, self.states = Inbox(), States()
        self.listener = Listener(
            "c1/nova",
            url,
            channels or [Channel(EXCHANGE, TOPIC)],
            on_message=self.inbox.put,
            on_state=self.states.put,
        )
        self.listener.start()


@pytest.fixture
def listen() -> Iterator[Callable[..., Ours]]:
    made: list[Ours] = []

    def start(url: str, *channels: Channel) -> Ours:
        made.append(Ours(url, *channels))
        return made[-1]

    yield start
    for ours in made:
        assert ours.listener.stop(60)
