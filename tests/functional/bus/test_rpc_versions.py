# SPDX-License-Identifier: Apache-2.0
"""Older clients and servers with newer ones, over each transport that is claimed to work."""

from collections.abc import Callable, Iterator
from typing import Any

import oslo_messaging
import pytest
from oslo_messaging.transport import RPCTransport

from synchronizer import errors
from synchronizer.bus import topics, transport
from synchronizer.bus.rpc import RpcClient, RpcServer

Serve = Callable[[object], None]


class Before:
    """What a server of contract 1.0 has."""

    def get(self, ctxt: object, value: Any = None) -> Any:
        return ["get", value]


class Now(Before):
    """And what came with 1.1."""

    def history(self, ctxt: object, value: Any = None) -> Any:
        if value == "nonsense":
            raise errors.BadRequest("value must not be nonsense")
        return ["history", value]


@pytest.fixture
def serve(rpc: RPCTransport) -> Iterator[Serve]:
    """Begins to serve an endpoint."""
    servers: list[RpcServer] = []

    def start(endpoint: object) -> None:
        servers.append(RpcServer(rpc, [endpoint], "host1"))
        servers[-1].start()
        assert servers[-1].wait_started(60)

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def client(bus_url: str) -> Iterator[RpcClient]:
    made = transport.rpc_transport(bus_url)
    yield RpcClient(made, timeout=60)
    made.cleanup()


@pytest.fixture
def stock(bus_url: str) -> Iterator[Any]:
    """A stock client, which names the version itself."""
    made = transport.rpc_transport(bus_url)
    target = oslo_messaging.Target(topic=topics.RPC_TOPIC, version="1.0")
    yield oslo_messaging.get_rpc_client(made, target, timeout=60)
    made.cleanup()


def test_a_client_of_the_first_version_is_served(serve: Serve, stock: Any) -> None:
    serve(Now())
    assert stock.call({}, "get", value=1) == ["get", 1]
    assert stock.prepare(version="1.1").call({}, "history", value=2) == ["history", 2]


def test_a_client_calls_old_and_new_methods(serve: Serve, client: RpcClient) -> None:
    serve(Now())
    assert client.call("get", value=1) == ["get", 1]
    assert client.call("history", value=2) == ["history", 2]
    with pytest.raises(errors.BadRequest, match="nonsense"):
        client.call("history", value="nonsense")


def test_a_client_learns_that_the_server_is_older(
    serve: Serve, client: RpcClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topics, "RPC_OFFERED", "1.0")
    serve(Before())
    assert client.call("get", value=1) == ["get", 1]
    with pytest.raises(errors.ServerTooOld, match="no history") as caught:
        client.call("history")
    assert caught.value.kwargs == {"method": "history"}


def test_a_server_that_lacks_the_method_alone_is_older_too(serve: Serve, client: RpcClient) -> None:
    serve(Before())
    with pytest.raises(errors.ServerTooOld):
        client.call("history")


def test_a_later_version_than_there_is_is_refused(serve: Serve, stock: Any) -> None:
    serve(Now())
    for version in ("1.2", "2.0"):
        with pytest.raises((errors.BadRequest, oslo_messaging.RemoteError), match=version):
            stock.prepare(version=version).call({}, "get")
