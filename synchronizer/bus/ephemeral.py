# SPDX-License-Identifier: Apache-2.0
"""Listens with queues that the broker removes some time after their consumer.

oslo.messaging can let reply and fanout queues expire, but not those of notification
listeners and RPC servers: they stay, and grow, when their consumer is gone for good.
And it waits for ever for a broker that will not let it in; here that is an error.
"""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import oslo_messaging
from oslo_log import log as logging
from oslo_messaging import transport as oslo_transport
from oslo_messaging._drivers import amqpdriver, base, common

from synchronizer.bus.rabbit import GRACE, MOST_WAITING
from synchronizer.bus.transport import RABBIT_DRIVER

LOG = logging.getLogger(__name__)


def listen(
    transport: oslo_transport.NotificationTransport,
    targets_and_priorities: Iterable[tuple[oslo_messaging.Target, str]],
    queue: str,
    private: bool,
) -> Any:
    """A driver's listener for these (target, priority) pairs, on one queue of this name.

    On RabbitMQ the queue is bounded and expires by itself, and a `private` one is removed
    when the listener ends; on the local bus all that holds for all queues; with other
    drivers the queue is as oslo.messaging makes it.
    """
    driver = transport._driver
    if type(driver).__module__ != RABBIT_DRIVER:
        return driver.listen_for_notifications(targets_and_priorities, queue, 1, None)
    with _connection(driver) as connection:
        kind = _Private if private else amqpdriver.NotificationAMQPListener
        listener = kind(driver, connection)
        for target, priority in targets_and_priorities:
            exchange, topic = driver._get_exchange(target), f"{target.topic}.{priority}"
            consumer = _consumer(connection, exchange, topic, queue, listener)
            consumer.queue_arguments["x-max-length-bytes"] = MOST_WAITING
            connection.declare_consumer(consumer)
        return base.PollStyleListenerAdapter(listener, 1, None)


def serve(transport: oslo_transport.RPCTransport, target: oslo_messaging.Target) -> Any:
    """A driver's listener for calls to this target: the topic, this server alone, and all."""
    driver = transport._driver
    if type(driver).__module__ != RABBIT_DRIVER:
        return transport._listen(target, 1, None)
    with _connection(driver) as connection:
        listener = amqpdriver.RpcAMQPListener(driver, connection)
        exchange = driver._get_exchange(target)
        for topic in (target.topic, f"{target.topic}.{target.server}"):
            connection.declare_consumer(_consumer(connection, exchange, topic, topic, listener))
        connection.declare_fanout_consumer(target.topic, listener)
        return base.PollStyleListenerAdapter(listener, 1, None)


class _Private(amqpdriver.NotificationAMQPListener):
    """The listener of a queue that nobody will come back to."""

    def cleanup(self) -> None:
        try:
            for consumer in self.conn._consumers:
                consumer.queue.delete()
        except Exception as error:
            # Whatever it was, the broker removes the queue when its time is over.
            LOG.debug("the queue is left to expire: %s", error)
        super().cleanup()


@contextlib.contextmanager
def _connection(driver: Any) -> Iterator[Any]:
    """A connection to listen on; made at once or not at all, closed if the body fails."""
    connection = driver._connection_pool.create(common.PURPOSE_LISTEN, retry=0)
    try:
        yield connection
    except BaseException:
        connection.close()
        raise


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
