# SPDX-License-Identifier: Apache-2.0
"""What we leave on a RabbitMQ: nothing that stays, and nothing that grows."""

import contextlib
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from synchronizer import errors
from synchronizer.bus import rabbit, topics, transport
from synchronizer.bus.notifier import Notifier
from synchronizer.bus.rpc import RpcClient, RpcServer
from synchronizer.bus.subscription import Subscription
from tests.engines.rabbit import RabbitBroker, RabbitNode

from . import doomed
from .brokers import eventually

TOPIC = topics.topic_of("cloud1", "nova.server")
EXPIRES = {"x-expires": rabbit.GRACE * 1000}
OPERATING = Path(__file__).parents[3] / "docs" / "operating" / "rabbitmq.md"


@pytest.fixture
def vhost(rabbit_node: RabbitNode) -> Iterator[RabbitBroker]:
    broker = RabbitBroker(rabbit_node)
    yield broker
    broker.close()


@pytest.fixture
def send(vhost: RabbitBroker) -> Iterator[Callable[[int], None]]:
    """Sends so many notifications of a kilobyte."""
    made = transport.notification_transport(vhost.url)
    notifier = Notifier(made, "synchronizer.host1")

    def send(count: int) -> None:
        for _ in range(count):
            notifier.send(TOPIC, "nova.server.changes", {"cloud": "cloud1", "x": "x" * 1000}, 60)

    yield send
    made.cleanup()


@contextlib.contextmanager
def living(kind: str, url: str, topic: str = TOPIC) -> Iterator[None]:
    """A process that uses the bus; it is killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", doomed.__name__, kind, url, topic],
        cwd=OPERATING.parents[1],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        yield
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def test_without_a_consumer_there_is_no_queue_at_all(
    vhost: RabbitBroker, send: Callable[[int], None]
) -> None:
    send(100)
    assert vhost.queues() == {}


def test_a_subscriptions_queue_is_bounded_and_expires_and_goes_when_it_is_closed(
    vhost: RabbitBroker, send: Callable[[int], None]
) -> None:
    made = transport.notification_transport(vhost.url)
    subscription = Subscription(made, [TOPIC, topics.topic_of("cloud1", "nova.flavor")])
    assert subscription.wait_started(60)
    send(1)
    assert subscription.get(60) is not None
    bound = {"x-max-length-bytes": rabbit.MOST_WAITING}
    assert vhost.arguments() == {subscription.pool: EXPIRES | bound}
    subscription.close()
    eventually(lambda: vhost.queues() == {}, "the queue goes at once", 60)
    made.cleanup()


def test_all_queues_of_rpc_expire(vhost: RabbitBroker) -> None:
    transports = [transport.rpc_transport(vhost.url) for _ in range(2)]
    server = RpcServer(transports[0], [doomed.Endpoint()], "host1")
    server.start()
    assert server.wait_started(60)
    assert RpcClient(transports[1], timeout=60).call("echo", value=1) == 1
    found = vhost.arguments()
    names = [re.sub("_[0-9a-f]{32}$", "", name) for name in found]
    assert sorted(names) == ["reply", "synchronizer", "synchronizer.host1", "synchronizer_fanout"]
    assert all(arguments == EXPIRES for arguments in found.values())
    server.stop()
    for made in transports:
        made.cleanup()


def test_with_quorum_queues_those_that_can_be_are_and_all_expire(vhost: RabbitBroker) -> None:
    quorum = {"rabbit_quorum_queue": "true"}
    made = transport.notification_transport(vhost.url, quorum)
    subscription = Subscription(made, [TOPIC])
    serving = transport.rpc_transport(vhost.url, quorum)
    server = RpcServer(serving, [doomed.Endpoint()], "host1")
    server.start()
    assert subscription.wait_started(60)
    assert server.wait_started(60)
    Notifier(made, "p").send(TOPIC, "nova.server.changes", {"cloud": "cloud1"}, 60)
    assert subscription.get(60) is not None
    assert RpcClient(serving, timeout=60).call("echo", value=1) == 1
    found = vhost.arguments()
    assert all(arguments["x-expires"] == rabbit.GRACE * 1000 for arguments in found.values())
    kinds = {name: arguments.get("x-queue-type") for name, arguments in found.items()}
    durable = {subscription.pool, "synchronizer", "synchronizer.host1"}
    assert {name for name, kind in kinds.items() if kind == "quorum"} == durable
    subscription.close()
    server.stop()
    for one in (made, serving):
        one.cleanup()


def test_a_killed_subscriptions_queue_grows_to_its_bound_and_goes(
    vhost: RabbitBroker, send: Callable[[int], None]
) -> None:
    with living("subscription", vhost.url):
        send(10)
        eventually(lambda: set(vhost.queues()) == {doomed.POOL}, "its queue is there", 60)
    # It may expire meanwhile: then there is nothing to measure.
    send(200)
    assert vhost.queues().get(doomed.POOL, 0) * 1000 <= doomed.MOST
    eventually(lambda: vhost.queues() == {}, "the queue goes", 60)
    send(10)
    assert vhost.queues() == {}


def test_calls_to_a_killed_server_fail_at_once_when_its_queues_have_gone(
    vhost: RabbitBroker,
) -> None:
    with living("server", vhost.url, topics.RPC_TOPIC):
        eventually(lambda: topics.RPC_TOPIC in vhost.queues(), "its queue is there", 60)
    eventually(lambda: topics.RPC_TOPIC not in vhost.queues(), "the server's queue goes", 60)
    made = transport.rpc_transport(vhost.url)
    with pytest.raises(errors.NobodyAnswers, match="nobody listens"):
        RpcClient(made, timeout=60).call("echo", value=1)
    made.cleanup()


def test_the_replies_to_a_killed_caller_go(vhost: RabbitBroker) -> None:
    made = transport.rpc_transport(vhost.url)
    server = RpcServer(made, [doomed.Endpoint()], "host1")
    server.start()
    assert server.wait_started(60)

    def replies() -> list[str]:
        return [name for name in vhost.queues() if name.startswith("reply_")]

    with living("caller", vhost.url, topics.RPC_TOPIC):
        assert len(replies()) == 1
    eventually(lambda: not replies(), "its reply queue goes", 60)
    server.stop()
    made.cleanup()


def policy() -> dict[str, Any]:
    """What the documented policy sets."""
    (command,) = re.findall(
        r"^\$ (rabbitmqctl set_policy .*)$", OPERATING.read_text(), re.MULTILINE
    )
    words = shlex.split(command)
    assert words[:4] == ["rabbitmqctl", "set_policy", "-p", "synchronizer"]
    assert words[5:] == [".*", words[6], "--apply-to", "queues"]
    definition: dict[str, Any] = json.loads(words[6])
    assert definition["expires"] == rabbit.GRACE * 1000
    assert definition["max-length-bytes"] == rabbit.MOST_WAITING
    return definition


def test_a_killed_stock_listeners_queue_stays_unless_the_documented_policy_is_set(
    vhost: RabbitBroker, rabbit_node: RabbitNode, send: Callable[[int], None]
) -> None:
    with living("stock listener", vhost.url):
        assert vhost.arguments() == {doomed.POOL: {}}
    send(10)
    eventually(lambda: vhost.queues() == {doomed.POOL: 10}, "its messages pile up", 60)
    definition = policy() | {"expires": doomed.SECONDS * 1000}
    rabbit_node.api(
        "PUT",
        f"policies/{vhost.name}/bounded",
        {"pattern": ".*", "definition": definition, "apply-to": "queues"},
    )
    eventually(lambda: vhost.queues() == {}, "the queue goes", 60)
    send(10)
    assert vhost.queues() == {}


def test_a_consumer_is_handed_a_hundred_messages_and_heard_of_every_half_minute(
    vhost: RabbitBroker, rabbit_node: RabbitNode
) -> None:
    made = transport.notification_transport(vhost.url)
    subscription = Subscription(made, [TOPIC])
    assert subscription.wait_started(60)

    def prefetches() -> list[int]:
        consumers = rabbit_node.api("GET", f"consumers/{vhost.name}")
        return [consumer["prefetch_count"] for consumer in consumers]

    eventually(lambda: prefetches() == [100], "it is handed a hundred messages", 60)
    asked = ("vhost", "timeout", "--formatter", "json", "-q")
    listed = rabbit_node.control("list_connections", *asked)
    assert [c["timeout"] for c in json.loads(listed) if c["vhost"] == vhost.name] == [30]
    subscription.close()
    made.cleanup()
