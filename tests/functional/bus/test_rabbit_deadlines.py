# SPDX-License-Identifier: Apache-2.0
"""Our own deadlines hold where RabbitMQ's driver knows none: from the very first call on."""

import threading
from collections.abc import Callable, Iterator

import pytest

from synchronizer import errors
from synchronizer.bus import topics, transport
from synchronizer.bus.notifier import Notifier
from synchronizer.bus.rpc import RpcClient, RpcServer
from synchronizer.bus.subscription import Subscription
from tests.engines.rabbit import RabbitBroker, RabbitNode

from .brokers import eventually
from .doomed import Endpoint

TOPIC = topics.topic_of("cloud1", "nova.server")
EVENT = "nova.server.changes"


@pytest.fixture
def vhost(rabbit_node: RabbitNode) -> Iterator[RabbitBroker]:
    broker = RabbitBroker(rabbit_node)
    yield broker
    broker.close()


def together(count: int, work: Callable[[], None]) -> None:
    """So many at once; all have to come to their end."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "a call did not end at its deadline"
    assert not failures


def test_first_calls_to_a_stopped_broker_end_at_their_deadlines_and_later_ones_work(
    vhost: RabbitBroker,
) -> None:
    made = [transport.rpc_transport(vhost.url) for _ in range(2)]
    client = RpcClient(made[0])
    vhost.pause()

    def ask() -> None:
        with pytest.raises(errors.BusUnavailable, match=r"does not answer"):
            client.call("echo", value=1, deadline=0.5)

    try:
        together(10, ask)
    finally:
        vhost.resume()
    server = RpcServer(made[1], [Endpoint()], "host1")
    server.start()

    def works() -> bool:
        try:
            return bool(client.call("echo", value=2, deadline=10.0) == 2)
        except errors.Retry:
            return False

    eventually(works, "a call is answered", 90)
    server.stop()
    for one in made:
        one.cleanup()


def test_the_memory_alarm_ends_sending_at_its_deadline_and_no_message_is_lost_by_it(
    vhost: RabbitBroker, rabbit_node: RabbitNode
) -> None:
    made = transport.notification_transport(vhost.url)
    subscription = Subscription(made, [TOPIC])
    assert subscription.wait_started(60)
    notifier = Notifier(made, "synchronizer.host1")
    notifier.send(TOPIC, EVENT, {"cloud": "cloud1", "n": 0}, 60)
    taken, refused = {0}, set[int]()
    rabbit_node.alarm(True)
    try:
        # Some may slip through before the broker knows of its alarm.
        for number in range(1, 10_000):
            try:
                notifier.send(TOPIC, EVENT, {"cloud": "cloud1", "n": number}, 0.5)
            except errors.BusUnavailable:
                refused.add(number)
            else:
                taken.add(number)
            if len(refused) == 6:
                break
    finally:
        rabbit_node.alarm(False)
    assert len(refused) == 6

    def sent_again() -> bool:
        try:
            notifier.send(TOPIC, EVENT, {"cloud": "cloud1", "n": max(refused)}, 10)
        except errors.BusUnavailable:
            return False
        return True

    eventually(sent_again, "the bus takes messages again", 90)
    wanted = taken | {max(refused)}
    got: set[int] = set()
    while not wanted <= got:
        delivery = subscription.get(60)
        assert delivery is not None, f"{wanted - got} never came"
        got.add(delivery.payload["n"])
    subscription.close()
    made.cleanup()
