# SPDX-License-Identifier: Apache-2.0
"""Health and metrics over HTTP, without a daemon."""

import contextlib
import http.client
import json
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from synchronizer import errors
from synchronizer.monitor.report import Report, report
from synchronizer.monitor.server import LEAVING, MOST, Server, parse_address
from synchronizer.vitals import Phase, Vital
from tests.support.waiting import until

PATIENCE = 60.0
METRICS = ("text/plain; version=0.0.4", b"up 1\n")


class World:
    """What the server is told, which the test may change."""

    def __init__(self) -> None:
        self.phase = Phase.RUNNING
        self.late: tuple[str, ...] = ()

    def look(self) -> Report:
        return report([Vital("relay", 7, 1, self.phase, progress=1.0)], self.late, 61.0)


Answer = tuple[int, dict[str, str], bytes]
Ask = Callable[..., Answer]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def server(world: World) -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), world.look, lambda: METRICS)
    made.start()
    until("the server", lambda: made.port, PATIENCE)
    yield made
    made.stop()


def asked(port: int | None, path: str, method: str = "GET", host: str = "127.0.0.1") -> Answer:
    assert port is not None
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def told(answer: Answer) -> Any:
    assert answer[1]["Content-Type"] == "application/json"
    return json.loads(answer[2])


@pytest.mark.parametrize(
    ("phase", "late", "health", "readiness"),
    [
        (Phase.RUNNING, (), 200, 200),
        (Phase.STANDBY, (), 200, 200),
        (Phase.RESTORING, (), 200, 503),
        (Phase.BLOCKED, (), 200, 503),
        (Phase.RUNNING, ("relay",), 503, 503),
    ],
)
def test_the_status_says_how_it_is(
    world: World, server: Server, phase: Phase, late: tuple[str, ...], health: int, readiness: int
) -> None:
    world.phase, world.late = phase, late
    healthy, ready = asked(server.port, "/healthz"), asked(server.port, "/readyz")
    assert (healthy[0], ready[0]) == (health, readiness)
    assert told(healthy)["healthy"] is (health == 200)
    assert told(ready)["ready"] is (readiness == 200)
    assert bool(told(ready)["problems"]) is (readiness != 200)


def test_the_metrics_are_shown_as_they_are(server: Server) -> None:
    status, headers, body = asked(server.port, "/metrics?name=up")
    assert (status, headers["Content-Type"], body) == (200, *METRICS)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_whoever_asks_for_the_head_gets_no_body(server: Server, path: str) -> None:
    whole, head = asked(server.port, path), asked(server.port, path, "HEAD")
    assert head[0] == whole[0]
    assert head[1]["Content-Length"] == whole[1]["Content-Length"]
    assert head[2] == b""


def test_another_path_is_answered_with_those_there_are(server: Server) -> None:
    answer = asked(server.port, "/")
    assert answer[0] == 404
    assert told(answer) == {"paths": ["/healthz", "/readyz", "/metrics"]}


def test_other_methods_are_refused(server: Server) -> None:
    assert asked(server.port, "/healthz", "POST")[0] == 501


def test_metrics_that_fail_are_an_error_and_health_is_there_all_the_same(world: World) -> None:
    def fail() -> tuple[str, bytes]:
        raise ZeroDivisionError

    server = Server(("127.0.0.1", 0), world.look, fail)
    server.start()
    try:
        until("the server", lambda: server.port, PATIENCE)
        assert asked(server.port, "/metrics")[0] == 500
        assert asked(server.port, "/healthz")[0] == 200
    finally:
        server.stop()


def answered(server: Server) -> bool:
    try:
        return asked(server.port, "/healthz")[0] == 200
    except (OSError, http.client.HTTPException):
        return False  # it was told to go, as others came


@pytest.mark.parametrize("words", [b"", b"GET /healthz HTTP/1.1\r\nX: "])
def test_clients_that_never_come_to_an_end_keep_nobody_else_from_asking(
    server: Server, words: bytes
) -> None:
    assert server.port is not None
    slow: list[socket.socket] = []
    ended = threading.Event()

    def trickle() -> None:
        while not ended.wait(0.2):
            for one in slow:
                with contextlib.suppress(OSError):
                    one.send(b"x")

    trickling = threading.Thread(target=trickle)
    trickling.start()
    try:
        for _ in range(4 * MOST):
            client = socket.create_connection(("127.0.0.1", server.port))
            client.send(words)
            slow.append(client)
        until("an answer", lambda: answered(server), PATIENCE)
        until("others to have gone", lambda: gone(slow[0]), PATIENCE)
    finally:
        ended.set()
        trickling.join()
        for one in slow:
            one.close()


def gone(client: socket.socket) -> bool:
    """Whether the server let go of it."""
    client.settimeout(PATIENCE)
    try:
        return client.recv(1) == b""
    except ConnectionError:
        return True


def test_a_thread_that_cannot_be_started_takes_nobodys_place(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as poor:
        poor.setattr(socketserver.ThreadingMixIn, "process_request", refused)
        for _ in range(MOST + LEAVING + 1):
            with socket.create_connection(("127.0.0.1", server.port or 0)) as client:
                assert gone(client)
    assert asked(server.port, "/healthz")[0] == 200


def test_a_port_that_is_taken_is_told_once_and_had_when_it_is_free(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = Server(("127.0.0.1", port), world.look, retry=0.01)
        server.start()
        until("a word of it", lambda: caplog.records, PATIENCE)
        assert server.port is None
    try:
        until("the server", lambda: server.port, PATIENCE)
        assert asked(port, "/healthz")[0] == 200
        (error,) = [record for record in caplog.records if record.levelname == "ERROR"]
        assert f"port {port}: Address already in use" in error.getMessage()
        assert "change listen in [monitor]" in error.getMessage()
    finally:
        server.stop()


def test_it_listens_at_an_address_of_version_6(world: World) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    server = Server(("::1", 0), world.look, retry=0.01)
    server.start()
    try:
        until("the server", lambda: server.port, PATIENCE)
        assert asked(server.port, "/readyz", host="::1")[0] == 200
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("", None),
        ("127.0.0.1:9788", ("127.0.0.1", 9788)),
        ("[::1]:80", ("::1", 80)),
        ("localhost:0", ("localhost", 0)),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, address: tuple[str, int] | None) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["9788", ":9788", "host", "host:", "host:port", "host:70000"])
def test_another_text_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(errors.BadConfiguration, match=r"127\.0\.0\.1:9788"):
        parse_address(text)
