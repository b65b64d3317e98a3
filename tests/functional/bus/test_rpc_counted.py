# SPDX-License-Identifier: Apache-2.0
"""Each call that was answered is told to whoever counts."""

import pytest
from oslo_messaging.transport import RPCTransport

from synchronizer import errors
from synchronizer.bus.rpc import RpcClient, RpcServer

from .brokers import eventually


class Endpoint:
    def echo(self, ctxt: object, value: str) -> str:
        return value

    def compacted(self, ctxt: object) -> None:
        raise errors.Compacted("too long ago", floor=42)

    def bug(self, ctxt: object) -> None:
        raise KeyError("a bug")


def test_calls_are_told_with_their_outcome_and_no_name_that_callers_made_up(
    rpc: RPCTransport,
) -> None:
    told: list[tuple[str, str]] = []
    lasted: list[float] = []

    def on_call(method: str, outcome: str, seconds: float) -> None:
        told.append((method, outcome))
        lasted.append(seconds)

    server = RpcServer(rpc, [Endpoint()], "host1", threads=1, on_call=on_call)
    server.start()
    assert server.wait_started(30)
    client = RpcClient(rpc, timeout=30)
    try:
        assert client.call("echo", value="a") == "a"
        with pytest.raises(errors.BadRequest):
            client.call("echo", other="a")
        with pytest.raises(errors.Compacted):
            client.call("compacted")
        with pytest.raises(errors.ServiceUnavailable):
            client.call("bug")
        with pytest.raises(errors.BadRequest):
            client.call("made_up_by_a_caller")
        eventually(lambda: len(told) == 5, "all are told")
    finally:
        server.stop()
    assert told == [
        ("echo", "ok"),
        ("echo", "BadRequest"),
        ("compacted", "Compacted"),
        ("bug", "ServiceUnavailable"),
        ("unknown", "BadRequest"),
    ]
    assert min(lasted) >= 0
