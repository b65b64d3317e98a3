# SPDX-License-Identifier: Apache-2.0
"""What a RabbitMQ that does not let us in makes us say: which bus, why, and what to look at."""

import logging
from collections.abc import Callable, Iterator

import oslo_messaging
import pytest

from synchronizer import errors
from synchronizer.bus import topics, transport
from synchronizer.bus.notifier import Notifier
from synchronizer.bus.rpc import RpcClient, RpcServer
from synchronizer.bus.subscription import Subscription
from tests.engines.processes import free_port
from tests.engines.rabbit import RabbitBroker, RabbitNode

from .brokers import eventually

TOPIC = topics.topic_of("cloud1", "nova.server")
SECRET = "pass-word-of-a-stranger"


@pytest.fixture
def vhost(rabbit_node: RabbitNode) -> Iterator[RabbitBroker]:
    broker = RabbitBroker(rabbit_node)
    yield broker
    broker.close()


@pytest.fixture
def stranger(rabbit_node: RabbitNode) -> Iterator[str]:
    """A user whom no virtual host knows."""
    rabbit_node.api("PUT", "users/stranger", {"password": SECRET, "tags": ""})
    yield f"stranger:{SECRET}"
    rabbit_node.api("DELETE", "users/stranger")


@pytest.fixture(
    params=["wrong password", "no virtual host", "no permission", "no configuring", "nothing"]
)
def refused(
    request: pytest.FixtureRequest, vhost: RabbitBroker, rabbit_node: RabbitNode, stranger: str
) -> tuple[str, type[errors.BusUnavailable], list[str]]:
    """A URL that does not work, the error that tells so, and what it has to say."""
    url, name = vhost.url, vhost.url.rpartition("/")[2]
    match request.param:
        case "wrong password":
            url = url.replace("guest:guest", f"guest:{SECRET}")
            return url, errors.BusRefused, ["'guest'", "password"]
        case "no virtual host":
            return f"{url}x", errors.BusRefused, [f"'{name}x'", "add_vhost"]
        case "no permission":
            url = url.replace("guest:guest", stranger)
            return url, errors.BusRefused, ["'stranger'", f"set_permissions -p {name} stranger"]
        case "no configuring":
            nothing = {"configure": "^$", "write": ".*", "read": ".*"}
            rabbit_node.api("PUT", f"permissions/{name}/stranger", nothing)
            url = url.replace("guest:guest", stranger)
            return url, errors.BusRefused, ["'stranger'", f"set_permissions -p {name} stranger"]
    nowhere = f"rabbit://guest:{SECRET}@127.0.0.1:{free_port()}/{name}"
    return nowhere, errors.BusUnavailable, ["nothing listens there"]


def check(error: errors.SynchronizerError, url: str, words: list[str]) -> None:
    assert transport.redact_url(url) in error.message
    assert SECRET not in error.message
    for word in words:
        assert word in error.message


Refused = tuple[str, type[errors.BusUnavailable], list[str]]


def test_a_notification_that_is_refused_says_what_to_look_at(refused: Refused) -> None:
    url, kind, words = refused
    made = transport.notification_transport(url)
    with pytest.raises(errors.BusUnavailable) as caught:
        Notifier(made, "p").send(TOPIC, "nova.server.changes", {"cloud": "cloud1"}, 60)
    assert type(caught.value) is kind
    check(caught.value, url, words)
    made.cleanup()


def test_a_call_that_is_refused_says_what_to_look_at(refused: Refused) -> None:
    url, kind, words = refused
    made = transport.rpc_transport(url)
    with pytest.raises(errors.BusUnavailable) as caught:
        RpcClient(made, timeout=100).call("describe")
    assert type(caught.value) is kind
    check(caught.value, url, words)
    made.cleanup()


@pytest.fixture(params=["subscription", "server"])
def listening(request: pytest.FixtureRequest) -> Callable[[str], Subscription | RpcServer]:
    """Something that listens at a URL."""

    def begin(url: str) -> Subscription | RpcServer:
        if request.param == "subscription":
            return Subscription(transport.notification_transport(url), [TOPIC])
        server = RpcServer(transport.rpc_transport(url), [], "host1")
        server.start()
        return server

    return begin


def end(listening: Subscription | RpcServer) -> None:
    if isinstance(listening, Subscription):
        listening.close()
    else:
        listening.stop()


def test_who_cannot_listen_says_so_once_and_ends_when_told(
    refused: Refused,
    listening: Callable[[str], Subscription | RpcServer],
    caplog: pytest.LogCaptureFixture,
) -> None:
    url, _, words = refused
    ours = "synchronizer.bus.serving"

    def told() -> list[str]:
        return [record.getMessage() for record in caplog.records if record.name == ours]

    with caplog.at_level(logging.INFO, ours):
        begun = listening(url)
        eventually(lambda: bool(told()), "it is said", 60)
        end(begun)
    (line,) = told()
    assert "cannot listen yet" in line
    check(errors.SynchronizerError(line), url, words)


def test_who_was_refused_listens_once_the_virtual_host_is_made(
    rabbit_node: RabbitNode, listening: Callable[[str], Subscription | RpcServer]
) -> None:
    vhost = RabbitBroker(rabbit_node)
    vhost.close()
    begun = listening(vhost.url)
    try:
        name = vhost.url.rpartition("/")[2]
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        rabbit_node.api("PUT", f"vhosts/{name}")
        rabbit_node.api("PUT", f"permissions/{name}/guest", everything)
        assert begun.wait_started(60)
    finally:
        end(begun)
        vhost.close()


@pytest.fixture
def durable(vhost: RabbitBroker) -> RabbitBroker:
    """A virtual host in which somebody with another durability was first."""
    made = transport.notification_transport(f"{vhost.url}?amqp_durable_queues=true")
    made._send(oslo_messaging.Target(topic=f"{TOPIC}.info"), {}, {}, retry=0)
    made.cleanup()
    return vhost


def test_another_durability_is_refused_with_what_differs(
    durable: RabbitBroker,
    listening: Callable[[str], Subscription | RpcServer],
    caplog: pytest.LogCaptureFixture,
) -> None:
    made = transport.notification_transport(durable.url)
    with pytest.raises(errors.BusRefused, match="amqp_durable_queues") as caught:
        Notifier(made, "p").send(TOPIC, "nova.server.changes", {"cloud": "cloud1"}, 60)
    assert "exchange 'synchronizer'" in caught.value.message
    made.cleanup()
    begun = listening(durable.url)
    eventually(lambda: "amqp_durable_queues" in caplog.text, "the listener says so, too", 60)
    end(begun)


def test_with_the_durability_of_the_others_everything_works(durable: RabbitBroker) -> None:
    made = transport.notification_transport(durable.url, {"amqp_durable_queues": "true"})
    subscription = Subscription(made, [TOPIC])
    assert subscription.wait_started(60)
    Notifier(made, "p").send(TOPIC, "nova.server.changes", {"cloud": "cloud1"}, 60)
    assert subscription.get(60) is not None
    subscription.close()
    made.cleanup()
