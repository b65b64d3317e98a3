# SPDX-License-Identifier: Apache-2.0
"""RPC, over each transport that is claimed to work."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import oslo_messaging
import pytest
from oslo_config import cfg
from oslo_messaging.transport import RPCTransport

from synchronizer import errors
from synchronizer.bus import topics, transport
from synchronizer.bus.rpc import RpcClient, RpcServer

from .brokers import BrokerUnderTest, eventually


class Endpoint:
    """Methods of every temper."""

    def __init__(self) -> None:
        self.heard: list[object] = []
        self.go = threading.Event()

    def echo(self, ctxt: object, value: Any) -> Any:
        return value

    def remember(self, ctxt: object, value: Any) -> None:
        self.heard.append(value)

    def compacted(self, ctxt: object) -> None:
        raise errors.Compacted("too long ago", floor=42)

    def bug(self, ctxt: object) -> None:
        raise KeyError("/etc/secret/path")

    def stuck(self, ctxt: object) -> None:
        self.go.wait(60)


@pytest.fixture
def endpoint(rpc: RPCTransport) -> Iterator[Endpoint]:
    endpoint = Endpoint()
    server = RpcServer(rpc, [endpoint], "host1", threads=4)
    server.start()
    assert server.wait_started(30)
    yield endpoint
    endpoint.go.set()
    server.stop()


@pytest.fixture
def client(bus_url: str) -> Iterator[RpcClient]:
    made = transport.rpc_transport(bus_url)
    yield RpcClient(made, timeout=30)
    made.cleanup()


@pytest.mark.usefixtures("endpoint")
def test_a_call_brings_back_the_methods_result(client: RpcClient) -> None:
    assert client.call("echo", value={"a": [1, None, "é"]}) == {"a": [1, None, "é"]}


@pytest.mark.usefixtures("endpoint")
def test_calls_of_many_threads_get_their_own_answers(client: RpcClient) -> None:
    answers: dict[int, list[int]] = {}

    def ask(number: int) -> None:
        answers[number] = [client.call("echo", value=number * 1000 + i) for i in range(20)]

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {n: [n * 1000 + i for i in range(20)] for n in range(6)}


@pytest.mark.usefixtures("endpoint")
def test_an_error_of_ours_arrives_as_its_own_class_with_its_details(client: RpcClient) -> None:
    with pytest.raises(errors.Compacted) as caught:
        client.call("compacted")
    assert type(caught.value) is errors.Compacted
    assert str(caught.value) == "too long ago"
    assert caught.value.kwargs == {"floor": 42}


@pytest.mark.usefixtures("endpoint")
def test_another_error_arrives_without_its_text(client: RpcClient) -> None:
    with pytest.raises(errors.ServiceUnavailable) as caught:
        client.call("bug")
    assert "secret" not in str(caught.value)


@pytest.mark.usefixtures("endpoint")
@pytest.mark.parametrize("arguments", [{}, {"value": 1, "more": 2}])
def test_a_call_with_wrong_arguments_is_a_bad_request(
    client: RpcClient, arguments: dict[str, int]
) -> None:
    with pytest.raises(errors.BadRequest, match="echo"):
        client.call("echo", **arguments)


@pytest.mark.usefixtures("endpoint")
def test_a_call_of_an_unknown_method_is_a_bad_request(client: RpcClient) -> None:
    with pytest.raises(errors.BadRequest, match="nonesuch"):
        client.call("nonesuch")


def test_a_call_to_nobody_fails_at_once(client: RpcClient) -> None:
    before = time.monotonic()
    with pytest.raises(errors.NobodyAnswers, match="nobody listens") as caught:
        client.call("echo", value=1, deadline=60)
    assert time.monotonic() - before < 50, "it waited out its deadline"
    assert caught.value.kwargs["topic"] == topics.RPC_TOPIC


@pytest.mark.usefixtures("endpoint")
def test_a_call_that_is_not_answered_ends_at_its_deadline(client: RpcClient) -> None:
    with pytest.raises(errors.NobodyAnswers, match=r"no answer within 0\.5 s"):
        client.call("stuck", deadline=0.5)


@pytest.mark.usefixtures("endpoint")
def test_an_answer_may_have_a_mebibyte(client: RpcClient) -> None:
    big = "x" * (1 << 20)
    assert client.call("echo", value=big) == big


def test_a_cast_reaches_one_and_a_fanout_reaches_all(rpc: RPCTransport, bus_url: str) -> None:
    endpoints = [Endpoint(), Endpoint()]
    servers = [RpcServer(rpc, [e], f"host{i}") for i, e in enumerate(endpoints)]
    for server in servers:
        server.start()
        assert server.wait_started(30)
    raw = oslo_messaging.get_rpc_client(rpc, oslo_messaging.Target(topic=topics.RPC_TOPIC))
    raw.cast({}, "remember", value="one")
    raw.prepare(fanout=True).cast({}, "remember", value="all")
    raw.prepare(server="host1").cast({}, "remember", value="host1")
    eventually(lambda: sum(len(e.heard) for e in endpoints) >= 4, "four casts are heard")
    for server in servers:
        server.stop()
    heard = [sorted(map(str, e.heard)) for e in endpoints]
    assert sorted(heard[0] + heard[1]) == ["all", "all", "host1", "one"]
    assert "all" in heard[0]
    assert {"all", "host1"} <= set(heard[1])


@pytest.mark.usefixtures("endpoint")
def test_a_raw_client_with_a_configuration_of_its_own_can_call(bus_url: str) -> None:
    made = oslo_messaging.get_rpc_transport(cfg.CONF, bus_url)
    target = oslo_messaging.Target(topic="synchronizer", version="1.0", exchange="synchronizer")
    raw = oslo_messaging.get_rpc_client(made, target, timeout=30)
    assert raw.call({}, "echo", value=[1]) == [1]
    with pytest.raises(oslo_messaging.RemoteError) as caught:
        raw.call({}, "compacted")
    assert caught.value.exc_type == "Compacted"
    assert "Traceback" not in "".join(caught.value.traceback)
    made.cleanup()


@pytest.mark.usefixtures("endpoint")
def test_calls_go_on_after_the_broker_was_killed_and_started_again(
    broker: BrokerUnderTest, client: RpcClient
) -> None:
    assert client.call("echo", value=1) == 1
    broker.kill()
    with pytest.raises(errors.Retry):
        client.call("echo", value=2, deadline=1.0)
    broker.start()

    def works() -> bool:
        try:
            return bool(client.call("echo", value=3, deadline=5.0) == 3)
        except errors.Retry:
            return False

    eventually(works, "a call is answered again", 60)


@pytest.mark.usefixtures("endpoint")
def test_a_calls_deadline_holds_while_the_broker_is_stopped(
    broker: BrokerUnderTest, client: RpcClient
) -> None:
    assert client.call("echo", value=1) == 1
    broker.pause()
    try:
        before = time.monotonic()
        with pytest.raises(errors.Retry):
            client.call("echo", value=2, deadline=0.5)
        assert time.monotonic() - before < 5
    finally:
        broker.resume()


def test_a_server_that_starts_before_the_broker_serves_when_it_is_there(
    broker: BrokerUnderTest, rpc: RPCTransport, client: RpcClient
) -> None:
    broker.kill()
    server = RpcServer(rpc, [Endpoint()], "host1")
    server.start()
    broker.start()

    def works() -> bool:
        try:
            return bool(client.call("echo", value=3, deadline=5.0) == 3)
        except errors.Retry:
            return False

    eventually(works, "a call is answered", 60)
    server.stop()
