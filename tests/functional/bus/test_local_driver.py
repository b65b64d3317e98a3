# SPDX-License-Identifier: Apache-2.0
"""What the local driver promises beyond what all transports do."""

import os
import time
from collections.abc import Callable, Iterator

import oslo_messaging
import pytest
from oslo_messaging.transport import NotificationTransport, RPCTransport

from synchronizer import errors
from synchronizer.bus import topics, transport
from synchronizer.bus.local.ask import broker_status
from synchronizer.bus.notifier import Notifier
from synchronizer.bus.rpc import RpcClient
from synchronizer.bus.subscription import Subscription

from .brokers import LocalBroker, eventually

MakeLocal = Callable[..., LocalBroker]
TOPIC = topics.topic_of("cloud1", "nova.server")
EVENT = "nova.server.changes"


@pytest.fixture
def local(make_local: MakeLocal) -> LocalBroker:
    return make_local("--grace", "0.5")


@pytest.fixture
def rpc_of(local: LocalBroker) -> Iterator[RPCTransport]:
    made = transport.rpc_transport(local.url)
    yield made
    made.cleanup()


@pytest.fixture
def notifications_of(local: LocalBroker) -> Iterator[NotificationTransport]:
    made = transport.notification_transport(local.url)
    yield made
    made.cleanup()


def test_a_raw_calls_timeout_holds_while_the_broker_is_away(
    local: LocalBroker, rpc_of: RPCTransport
) -> None:
    local.kill()
    target = oslo_messaging.Target(topic="synchronizer")
    client = oslo_messaging.get_rpc_client(rpc_of, target, timeout=1)
    before = time.monotonic()
    with pytest.raises(oslo_messaging.MessagingTimeout, match="is away"):
        client.call({}, "echo")
    assert time.monotonic() - before < 3


def test_a_call_without_a_broker_says_so_at_once(local: LocalBroker, rpc_of: RPCTransport) -> None:
    local.kill()
    before = time.monotonic()
    with pytest.raises(errors.BusUnavailable, match="is away"):
        RpcClient(rpc_of, timeout=60).call("echo")
    assert time.monotonic() - before < 10


def test_without_retries_sending_to_a_dead_broker_fails_at_once(
    local: LocalBroker, rpc_of: RPCTransport
) -> None:
    local.kill()
    target = oslo_messaging.Target(topic="synchronizer")
    client = oslo_messaging.get_rpc_client(rpc_of, target, retry=0)
    with pytest.raises(oslo_messaging.MessageDeliveryFailure, match="is away"):
        client.cast({}, "echo")


def test_a_connection_that_the_broker_closed_meanwhile_is_no_failure(
    local: LocalBroker, rpc_of: RPCTransport
) -> None:
    target = oslo_messaging.Target(topic="synchronizer")
    client = oslo_messaging.get_rpc_client(rpc_of, target, retry=0)
    client.cast({}, "echo")
    local.kill()
    local.start()
    client.cast({}, "echo")
    assert broker_status(local.path).published == 1


def test_a_message_beyond_the_brokers_limit_is_refused_and_not_tried_again(
    make_local: MakeLocal,
) -> None:
    made = transport.rpc_transport(make_local("--body", "1000").url)
    client = oslo_messaging.get_rpc_client(made, oslo_messaging.Target(topic="synchronizer"))
    with pytest.raises(oslo_messaging.MessageDeliveryFailure, match="it takes 1000"):
        client.cast({}, "echo", value="x" * 1000)
    made.cleanup()


@pytest.mark.parametrize("outage", ["kill", "pause"])
def test_closing_a_subscription_does_not_wait_for_a_broker_that_is_away(
    local: LocalBroker, notifications_of: NotificationTransport, outage: str
) -> None:
    subscription = Subscription(notifications_of, [TOPIC])
    assert subscription.wait_started(30)
    getattr(local, outage)()
    before = time.monotonic()
    subscription.close(timeout=60)
    assert time.monotonic() - before < 5


def test_a_dead_subscribers_queue_goes_after_the_grace(
    local: LocalBroker, notifications_of: NotificationTransport
) -> None:
    subscription = Subscription(notifications_of, [TOPIC])
    assert subscription.wait_started(30)
    assert list(local.queues()) == [subscription.pool]
    subscription.close()
    Notifier(notifications_of, "p").send(TOPIC, EVENT, {"cloud": "cloud1"}, 30)
    eventually(lambda: not local.queues(), "the queue is gone")


def test_a_forked_child_does_not_keep_its_parents_consumers_alive(
    local: LocalBroker, notifications_of: NotificationTransport
) -> None:
    subscription = Subscription(notifications_of, [TOPIC])
    assert subscription.wait_started(30)
    gate, release = os.pipe()
    child = os.fork()
    if child == 0:
        # Whatever happens here, pytest must not go on in the child.
        try:
            os.close(release)
            os.read(gate, 1)
        finally:
            os._exit(0)
    try:
        subscription.close()
        eventually(lambda: not local.queues(), "the queue is gone though the child lives")
        assert os.waitpid(child, os.WNOHANG) == (0, 0)
    finally:
        os.close(release)
        os.close(gate)
        os.waitpid(child, 0)


def test_a_subscription_that_starts_before_the_broker_hears_when_it_is_there(
    local: LocalBroker, notifications_of: NotificationTransport
) -> None:
    local.kill()
    subscription = Subscription(notifications_of, [TOPIC])
    assert subscription.wait_started(30)
    local.start()
    eventually(lambda: list(local.queues()) == [subscription.pool], "it subscribed")
    Notifier(notifications_of, "p").send(TOPIC, EVENT, {"cloud": "cloud1"}, 30)
    assert subscription.get(30) is not None
    subscription.close()
