# SPDX-License-Identifier: Apache-2.0
"""A proxy in front of a real HTTP service, which hands out faults instead of answers."""

import dataclasses
import http.client
import socket
import threading
import urllib.parse
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

#: Seconds that a service behind the proxy may take.
PATIENCE = 120
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})


@dataclasses.dataclass(frozen=True)
class Asked:
    """A request: `path` with its query; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclasses.dataclass(frozen=True)
class Reply:
    """An answer. `cut`: the connection is closed after so many bytes of the body, whatever
    its Content-Length says. `held`: nothing is sent until the other side goes away, or, after
    what `cut` says, until the proxy ends."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    cut: int | None = None
    held: bool = False


#: From a request, and what asks the real service for its answer, to the answer that is given.
Fault = Callable[[Asked, Callable[[Asked], Reply]], Reply]


class FaultProxy:
    """`with FaultProxy(port) as proxy`: listens at `proxy.port` for the service at 127.0.0.1.

    `proxy.fault` is what it does to answers, None: nothing. `asked` are all requests so far.
    """

    def __init__(self, port: int) -> None:
        self._behind = port
        self.fault: Fault | None = None
        self.asked: list[Asked] = []
        self._ended = threading.Event()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True
        )

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def tokens(self) -> set[str]:
        """Those of Keystone that came with requests."""
        return {t for asked in self.asked if (t := asked.headers.get("x-auth-token"))}

    def ask(self, asked: Asked, port: int | None = None) -> Reply:
        """What a service on this machine answers; that behind the proxy unless told another."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self._behind, timeout=PATIENCE)
        try:
            connection.request(asked.method, asked.path, asked.body or None, dict(asked.headers))
            answer = connection.getresponse()
            headers = {k: v for k, v in answer.getheaders() if k.lower() not in _HOP_BY_HOP}
            return Reply(answer.status, answer.read(), headers)
        finally:
            connection.close()

    def answer(self, asked: Asked) -> Reply:
        """What it answers to a request."""
        self.asked.append(asked)
        fault = self.fault
        return self.ask(asked) if fault is None else fault(asked, self.ask)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve_one(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                headers = {k.lower(): v for k, v in self.headers.items()}
                headers = {k: v for k, v in headers.items() if k not in _HOP_BY_HOP}
                asked = Asked(self.command, self.path, headers, self.rfile.read(length))
                proxy._send(self, proxy.answer(asked))

            def log_message(self, *_: object) -> None:
                """Says nothing: tests tell what they need."""

        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
            setattr(Handler, f"do_{method}", Handler.serve_one)
        return Handler

    def _send(self, handler: BaseHTTPRequestHandler, reply: Reply) -> None:
        if reply.held and reply.cut is None:
            self._hold(handler)
            return
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            if name.lower() not in {"date", "server"}:
                handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(reply.body)))
        handler.end_headers()
        handler.wfile.write(reply.body if reply.cut is None else reply.body[: reply.cut])
        if reply.held:
            handler.wfile.flush()
            self._hold(handler)
        elif reply.cut is not None:
            handler.close_connection = True

    def _hold(self, handler: BaseHTTPRequestHandler) -> None:
        """Until the other side has gone."""
        handler.close_connection = True
        handler.connection.settimeout(0.1)
        while not self._ended.is_set():
            try:
                if not handler.connection.recv(1, socket.MSG_PEEK):
                    return
            except TimeoutError:
                continue
            except OSError:
                return


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A side that went away in the middle is what tests do."""


def parameters(asked: Asked) -> dict[str, str]:
    """Those of the request's query."""
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(asked.path).query))
