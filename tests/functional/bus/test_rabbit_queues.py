# SPDX-License-Identifier: Apache-2.0
"""What we leave on a RabbitMQ."""

from collections.abc import Iterator

import pytest

from synchronizer.bus import rabbit, topics, transport
from synchronizer.bus.notifier import Notifier
from synchronizer.bus.subscription import Subscription
from tests.engines.rabbit import RabbitBroker, RabbitNode

TOPIC = topics.topic_of("cloud1", "nova.server")


@pytest.fixture
def vhost(rabbit_node: RabbitNode) -> Iterator[RabbitBroker]:
    broker = RabbitBroker(rabbit_node)
    yield broker
    broker.close()


def test_a_subscriptions_queue_expires_and_no_other_is_made(vhost: RabbitBroker) -> None:
    made = transport.notification_transport(vhost.url)
    subscription = Subscription(made, [TOPIC])
    assert subscription.wait_started(30)
    Notifier(made, "p").send(TOPIC, "nova.server.changes", {"cloud": "cloud1"}, 30)
    assert subscription.get(30) is not None
    assert vhost.arguments() == {
        subscription.pool: {
            "x-expires": rabbit.GRACE * 1000,
            "x-max-length-bytes": rabbit.MOST_WAITING,
        }
    }
    subscription.close()
    made.cleanup()
