# SPDX-License-Identifier: Apache-2.0
"""Who serves the bus says that it is at something, and else rests."""

import threading
from pathlib import Path

import pytest
from oslo_messaging.transport import RPCTransport

from synchronizer import errors
from synchronizer.bus.local.ask import broker_status
from synchronizer.bus.local.broker import TURN, Broker
from synchronizer.bus.rpc import CALL, RpcClient, RpcServer
from tests.support.pulse import RESTS, Heard

from .brokers import eventually


class Endpoint:
    def __init__(self, heard: Heard) -> None:
        self._heard = heard

    def echo(self, ctxt: object, value: str) -> str:
        self._heard.words.append((0.0, value))
        return value

    def bug(self, ctxt: object) -> None:
        raise KeyError("a bug")


def test_a_call_has_its_time_and_a_server_without_one_rests(rpc: RPCTransport) -> None:
    heard = Heard()
    server = RpcServer(rpc, [Endpoint(heard)], "host1", threads=1, pulse=heard)
    server.start()
    assert server.wait_started(30)
    client = RpcClient(rpc, timeout=30)
    try:
        client.call("echo", value="a")
        with pytest.raises(errors.ServiceUnavailable):
            client.call("bug")
        eventually(lambda: len(of_calls(heard)) == 5, "it rests")
    finally:
        server.stop()
    answers = (CALL, "answers a call")
    assert of_calls(heard)[:5] == [answers, (0.0, "a"), RESTS, answers, RESTS]


def of_calls(heard: Heard) -> list[tuple[float, str]]:
    """What was said by others than the thread that listens."""
    return [word for word in heard.words if not word[1].endswith("listen") and word[1] != "listens"]


def test_a_broker_rests_while_nobody_wants_anything(tmp_path: Path) -> None:
    heard = Heard()
    path = tmp_path / "bus.sock"
    broker = Broker(str(path), pulse=heard)
    broker.open()
    serving = threading.Thread(target=broker.run)
    serving.start()
    try:
        broker_status(str(path), timeout=30)
        eventually(lambda: heard.words[-1] == RESTS, "it rests")
    finally:
        broker.stop()
        serving.join(30)
    assert heard.words[:3] == [RESTS, (TURN, ""), RESTS]
