# SPDX-License-Identifier: Apache-2.0
"""Listens for notifications with a queue that the broker removes after its consumer.

oslo.messaging can let reply and fanout queues expire, but not those of notification
listeners: they stay, and grow, when their consumer is gone for good.
"""

from collections.abc import Iterable
from typing import Any

import oslo_messaging
from oslo_messaging import transport as oslo_transport
from oslo_messaging._drivers import amqpdriver, base, common

from synchronizer.bus.transport import RABBIT_DRIVER

#: Seconds that a queue waits for its consumer's return.
GRACE = 120


def listen(
    transport: oslo_transport.NotificationTransport,
    targets_and_priorities: Iterable[tuple[oslo_messaging.Target, str]],
    queue: str,
) -> Any:
    """A driver's listener for these (target, priority) pairs, on one queue of this name.

    On RabbitMQ the queue expires by itself; on the local bus all queues do; with other
    drivers the queue is as oslo.messaging makes it.
    """
    driver = transport._driver
    if type(driver).__module__ != RABBIT_DRIVER:
        return driver.listen_for_notifications(targets_and_priorities, queue, 1, None)
    connection = driver._get_connection(common.PURPOSE_LISTEN)
    listener = amqpdriver.NotificationAMQPListener(driver, connection)
    for target, priority in targets_and_priorities:
        connection.declare_consumer(
            _consumer(
                connection,
                driver._get_exchange(target),
                f"{target.topic}.{priority}",
                queue,
                listener,
            )
        )
    return base.PollStyleListenerAdapter(listener, 1, None)


def _consumer(connection: Any, exchange: str, topic: str, queue: str, callback: Any) -> Any:
    """What the driver's own `declare_topic_consumer` makes, but for the queue's expiry."""
    # Only here, so that the local bus does without kombu.
    from oslo_messaging._drivers import impl_rabbit

    return impl_rabbit.Consumer(
        exchange_name=exchange,
        queue_name=queue,
        routing_key=topic,
        type="topic",
        durable=connection.durable,
        exchange_auto_delete=connection.amqp_auto_delete,
        queue_auto_delete=False,
        callback=callback,
        rabbit_ha_queues=connection.rabbit_ha_queues,
        rabbit_queue_ttl=GRACE,
        enable_cancel_on_failover=connection.enable_cancel_on_failover,
        rabbit_quorum_queue=connection.rabbit_quorum_queue,
        rabbit_quorum_queue_config=connection.rabbit_quorum_queue_config,
    )
