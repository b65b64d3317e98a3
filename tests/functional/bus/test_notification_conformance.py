# SPDX-License-Identifier: Apache-2.0
"""Notifications, over each transport that is claimed to work."""

import multiprocessing
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import oslo_messaging
import pytest
from oslo_config import cfg
from oslo_messaging.transport import NotificationTransport

from synchronizer import errors
from synchronizer.bus import topics, transport
from synchronizer.bus.notifier import Notifier
from synchronizer.bus.subscription import Subscription

from .brokers import BrokerUnderTest, eventually

TYPE = "nova.server"
TOPIC = topics.topic_of("cloud1", TYPE)
EVENT = topics.event_type(TYPE, "changes")


@pytest.fixture
def send(bus_url: str) -> Iterator[Callable[..., None]]:
    made = transport.notification_transport(bus_url)
    notifier = Notifier(made, "synchronizer.host1")

    def send(number: int, deadline: float = 30.0, **more: Any) -> None:
        notifier.send(TOPIC, EVENT, {"cloud": "cloud1", "n": number, **more}, deadline)

    yield send
    made.cleanup()


@pytest.fixture
def subscribe(notifications: NotificationTransport) -> Iterator[Callable[..., Subscription]]:
    made: list[Subscription] = []

    def subscribe(**more: Any) -> Subscription:
        made.append(Subscription(notifications, [TOPIC], **more))
        assert made[-1].wait_started(30)
        return made[-1]

    yield subscribe
    for subscription in made:
        subscription.close()


def numbers(subscription: Subscription, count: int) -> list[int]:
    """Of the next `count` notifications."""
    found = []
    for _ in range(count):
        delivery = subscription.get(timeout=30)
        assert delivery is not None, f"only {len(found)} of {count} came"
        found.append(delivery.payload["n"])
    return found


def test_a_subscription_gets_topic_event_type_and_payload(
    send: Callable[..., None], subscribe: Callable[..., Subscription]
) -> None:
    subscription = subscribe()
    send(1, text="é\u2028", nothing=None)
    payload = {"cloud": "cloud1", "n": 1, "text": "é\u2028", "nothing": None}
    assert subscription.get(timeout=30) == (TOPIC, EVENT, payload)


def test_every_subscription_gets_every_message_in_order(
    send: Callable[..., None], subscribe: Callable[..., Subscription]
) -> None:
    first, second = subscribe(), subscribe()
    for number in range(1000):
        send(number)
    assert numbers(first, 1000) == list(range(1000))
    assert numbers(second, 1000) == list(range(1000))


def test_a_slow_subscriber_loses_nothing_within_the_brokers_bounds(
    send: Callable[..., None], subscribe: Callable[..., Subscription]
) -> None:
    subscription = subscribe(size=2)
    for number in range(500):
        send(number)
    assert numbers(subscription, 500) == list(range(500))


def test_a_sleeping_subscriber_that_skips_keeps_the_oldest_and_the_newest(
    send: Callable[..., None], subscribe: Callable[..., Subscription]
) -> None:
    subscription = subscribe(size=5, skip=True)
    for number in range(200):
        send(number)
    eventually(lambda: subscription.skipped == 194, "all but six are skipped")
    assert numbers(subscription, 6) == [0, 1, 2, 3, 4, 199]
    send(200)
    assert numbers(subscription, 1) == [200]


def test_what_a_sleeping_subscriber_keeps_is_bounded_in_bytes(
    send: Callable[..., None], subscribe: Callable[..., Subscription]
) -> None:
    subscription = subscribe(size=1000, max_bytes=10_000, skip=True)
    for number in range(50):
        send(number, text="x" * 1000)
    eventually(lambda: subscription.skipped > 0, "some are skipped")
    send(50)
    eventually(lambda: subscription.skipped == 40, "all that have no room are skipped")
    assert numbers(subscription, 11) == [*range(10), 50]


def test_stock_listeners_get_all_with_pools_and_without(
    send: Callable[..., None], listen: Callable[..., Any]
) -> None:
    collectors = [listen(TOPIC), listen(TOPIC, "pool1"), listen(TOPIC, "pool2")]
    for number in range(100):
        send(number)
    eventually(lambda: all(len(c.payloads) == 100 for c in collectors), "all listeners got all")
    for collector in collectors:
        assert [payload["n"] for payload in collector.payloads] == list(range(100))


def test_listeners_of_one_pool_share_its_messages(
    send: Callable[..., None], listen: Callable[..., Any]
) -> None:
    one, other = listen(TOPIC, "shared"), listen(TOPIC, "shared")
    for number in range(100):
        send(number)
    eventually(lambda: len(one.payloads) + len(other.payloads) >= 100, "the pool got all")
    got = [payload["n"] for payload in one.payloads + other.payloads]
    assert sorted(got) == list(range(100))


def test_a_raw_listener_with_a_configuration_of_its_own_hears_us(
    send: Callable[..., None], bus_url: str
) -> None:
    made = oslo_messaging.get_notification_transport(cfg.CONF, bus_url)
    heard = threading.Event()
    seen: list[tuple[Any, ...]] = []

    class Endpoint:
        def info(
            self, ctxt: Any, publisher_id: str, event_type: str, payload: Any, metadata: Any
        ) -> None:
            seen.append((publisher_id, event_type, payload["n"], sorted(metadata)))
            heard.set()

    target = oslo_messaging.Target(topic=TOPIC, exchange="synchronizer")
    server = oslo_messaging.get_notification_listener(made, [target], [Endpoint()])
    server.start()
    send(7)
    assert heard.wait(30)
    server.stop()
    server.wait()
    made.cleanup()
    assert seen == [("synchronizer.host1", EVENT, 7, ["message_id", "timestamp"])]


def test_a_stock_notifier_is_heard_by_a_subscription(
    notifications: NotificationTransport, subscribe: Callable[..., Subscription]
) -> None:
    subscription = subscribe()
    stock = oslo_messaging.Notifier(
        notifications, publisher_id="other", driver="messagingv2", topics=[TOPIC]
    )
    stock.info({}, EVENT, {"cloud": "cloud1", "n": 5})
    assert numbers(subscription, 1) == [5]


def test_batch_listeners_get_batches(
    send: Callable[..., None], notifications: NotificationTransport
) -> None:
    sizes: list[int] = []

    class Endpoint:
        def info(self, messages: list[Any]) -> None:
            sizes.append(len(messages))

    server = oslo_messaging.get_batch_notification_listener(
        notifications,
        [oslo_messaging.Target(topic=TOPIC)],
        [Endpoint()],
        pool="batches",
        batch_size=10,
        batch_timeout=1,
    )
    server.start(override_pool_size=1)
    for number in range(40):
        send(number)
    eventually(lambda: sum(sizes) == 40, "all messages came")
    server.stop()
    server.wait()
    assert max(sizes) > 1


def test_a_message_may_have_a_mebibyte(
    send: Callable[..., None], subscribe: Callable[..., Subscription]
) -> None:
    subscription = subscribe()
    send(1, big="x" * (1 << 20))
    delivery = subscription.get(timeout=30)
    assert delivery is not None
    assert len(delivery.payload["big"]) == 1 << 20


def test_a_notification_that_makes_no_sense_is_skipped(
    notifications: NotificationTransport,
    send: Callable[..., None],
    subscribe: Callable[..., Subscription],
) -> None:
    subscription = subscribe()
    notifier = Notifier(notifications, "somebody")
    notifier.send(TOPIC, "compute.instance.create", {"cloud": "cloud1"}, 30)
    notifier.send(TOPIC, EVENT, {"no": "cloud"}, 30)
    notifier.send(TOPIC, EVENT, ["a", "list"], 30)  # type: ignore[arg-type]
    send(1)
    assert numbers(subscription, 1) == [1]


def test_a_topic_that_nobody_subscribed_to_holds_nothing(
    broker: BrokerUnderTest, send: Callable[..., None], subscribe: Callable[..., Subscription]
) -> None:
    for number in range(10):
        send(number)
    assert not any(broker.queues().values())
    subscription = subscribe()
    send(10)
    assert numbers(subscription, 1) == [10]


def test_closing_ends_a_waiting_consumer(subscribe: Callable[..., Subscription]) -> None:
    subscription = subscribe()
    ended: list[bool] = []
    thread = threading.Thread(target=lambda: ended.append(list(subscription) == []))
    thread.start()
    subscription.close()
    thread.join(30)
    assert ended == [True]


def test_what_a_killed_consumer_held_is_delivered_to_its_pool(
    bus_url: str, send: Callable[..., None], listen: Callable[..., Any]
) -> None:
    program = str(Path(__file__).with_name("holding_consumer.py"))
    consumer = subprocess.Popen(
        [sys.executable, program, bus_url, TOPIC, "pool1"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert consumer.stdout is not None
        assert consumer.stdout.readline() == "listening\n"
        for number in range(20):
            send(number)
        assert consumer.stdout.readline() == "got 0\n"
    finally:
        consumer.kill()
        consumer.wait()
    successor = listen(TOPIC, "pool1")
    eventually(lambda: len(successor.payloads) >= 20, "all messages are delivered again")
    assert [payload["n"] for payload in successor.payloads] == list(range(20))


def test_a_subscription_hears_again_after_the_broker_was_killed(
    broker: BrokerUnderTest, send: Callable[..., None], subscribe: Callable[..., Subscription]
) -> None:
    subscription = subscribe()
    send(1)
    assert numbers(subscription, 1) == [1]
    broker.kill()
    with pytest.raises(errors.BusUnavailable):
        send(2, deadline=1.0)
    broker.start()

    def heard() -> bool:
        try:
            send(3, deadline=5.0)
        except errors.BusUnavailable:
            return False
        delivery = subscription.get(timeout=0.2)
        return delivery is not None and delivery.payload["n"] == 3

    eventually(heard, "a notification arrives", 60)


def test_sending_ends_at_its_deadline_while_the_broker_is_stopped(
    broker: BrokerUnderTest, send: Callable[..., None], subscribe: Callable[..., Subscription]
) -> None:
    subscription = subscribe()
    send(1)
    broker.pause()
    try:
        for number in range(5):
            before = time.monotonic()
            with pytest.raises(errors.BusUnavailable):
                send(number, deadline=0.3)
            assert time.monotonic() - before < 5
    finally:
        broker.resume()
    assert numbers(subscription, 1) == [1]

    def heard() -> bool:
        try:
            send(99, deadline=5.0)
        except errors.BusUnavailable:
            return False
        return 99 in iter(lambda: (d := subscription.get(0.2)) and d.payload["n"], None)

    eventually(heard, "a notification arrives after the pause", 60)


def test_sending_to_a_dead_broker_fails_instead_of_losing(
    broker: BrokerUnderTest, send: Callable[..., None]
) -> None:
    broker.kill()
    with pytest.raises(errors.BusUnavailable) as caught:
        send(1, deadline=2.0)
    assert caught.value.message


def _send_in_child(notifier: Notifier) -> None:
    notifier.send(TOPIC, EVENT, {"cloud": "cloud1", "n": 2}, 60)


def test_a_transport_used_before_a_fork_can_be_used_in_the_child(
    notifications: NotificationTransport,
    send: Callable[..., None],
    subscribe: Callable[..., Subscription],
) -> None:
    subscription = subscribe()
    notifier = Notifier(notifications, "parent")
    notifier.send(TOPIC, EVENT, {"cloud": "cloud1", "n": 1}, 30)
    child = multiprocessing.get_context("fork").Process(target=_send_in_child, args=(notifier,))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    notifier.send(TOPIC, EVENT, {"cloud": "cloud1", "n": 3}, 30)
    assert numbers(subscription, 3) == [1, 2, 3]
