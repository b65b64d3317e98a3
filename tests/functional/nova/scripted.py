# SPDX-License-Identifier: Apache-2.0
"""A Keystone and a Nova that answer what a test tells them to, byte by byte if need be.

For what the simulated cloud cannot be made to say.
"""

import dataclasses
import http.server
import itertools
import json
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any


@dataclasses.dataclass
class Reply:
    """`body` is bytes, or a value to send as JSON. `cut`: bytes to send before hanging up, the
    whole being promised. `drip`: sends a byte whenever this event's wait has timed out."""

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    content_type: str = "application/json"
    cut: int | None = None
    drip: threading.Event | None = None

    @property
    def text(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclasses.dataclass
class Request:
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]


@dataclasses.dataclass
class Scripted:
    """`answers`: what /servers... says, in turn; the last one again and again."""

    auth_url: str = ""
    compute_url: str = ""
    answers: list[Reply | Callable[[Request], Reply]] = dataclasses.field(default_factory=list)
    requests: list[Request] = dataclasses.field(default_factory=list)
    roles: list[str] = dataclasses.field(default_factory=lambda: ["admin"])
    project: str = "p1"
    endpoints: list[str] = dataclasses.field(default_factory=lambda: ["compute"])
    max_version: str = "2.96"
    version_requests: int = 0
    keystone: Reply | None = None
    tokens: Iterator[int] = dataclasses.field(default_factory=lambda: itertools.count(1))

    def nova(self, request: Request) -> Reply:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer if isinstance(answer, Reply) else answer(request)

    def version(self) -> Reply:
        self.version_requests += 1
        version = {"id": "v2.1", "status": "CURRENT", "min_version": "2.1", "links": []}
        return Reply(body={"version": {**version, "version": self.max_version}})

    def token(self) -> Reply:
        if self.keystone is not None:
            return self.keystone
        catalog = [
            {
                "type": type_,
                "name": type_,
                "id": type_,
                "endpoints": [
                    {
                        "id": type_,
                        "interface": "public",
                        "region": "RegionOne",
                        "region_id": "RegionOne",
                        "url": self.compute_url,
                    }
                ],
            }
            for type_ in self.endpoints
        ]
        token = {
            "methods": ["password"],
            "user": {"id": "u1", "name": "admin", "domain": {"id": "default", "name": "Default"}},
            "project": {"id": self.project, "name": "admin", "domain": {"id": "default"}},
            "roles": [{"id": role, "name": role} for role in self.roles],
            "catalog": catalog,
            "issued_at": "2026-01-01T00:00:00.000000Z",
            "expires_at": "2999-01-01T00:00:00.000000Z",
        }
        subject = f"gAAAA-scripted-token-{next(self.tokens)}"
        return Reply(201, {"token": token}, {"X-Subject-Token": subject})


def _handler(scripted: Scripted) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else each answer waits 40 ms for an acknowledgement

        def do_GET(self) -> None:
            url = urllib.parse.urlsplit(self.path)
            if url.path == "/v2.1":
                self._send(scripted.version())
            elif url.path == "/identity/v3":
                link = {"rel": "self", "href": scripted.auth_url}
                version = {"id": "v3.14", "status": "stable", "links": [link]}
                self._send(Reply(body={"version": version}))
            else:
                query = dict(urllib.parse.parse_qsl(url.query))
                self._send(scripted.nova(Request(url.path, query, dict(self.headers))))

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._send(scripted.token())

        def _send(self, reply: Reply) -> None:
            text = reply.text
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(text)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                if reply.drip is not None:
                    self._drip(text, reply.drip)
                else:
                    self.wfile.write(text[: reply.cut])
            except OSError:
                self.close_connection = True  # the client has given up, as it should
            if reply.cut is not None:
                self.close_connection = True

        def _drip(self, text: bytes, stop: threading.Event) -> None:
            for byte in text:
                if stop.wait(0.02):
                    break
                self.wfile.write(bytes([byte]))
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Tests have their own output."""

    return Handler


@contextmanager
def serving() -> Iterator[Scripted]:
    scripted = Scripted()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(scripted))
    server.daemon_threads = True
    origin = f"http://127.0.0.1:{server.server_address[1]}"
    scripted.auth_url, scripted.compute_url = f"{origin}/identity/v3", f"{origin}/v2.1"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield scripted
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def server(id_: str, **fields: Any) -> dict[str, Any]:
    """A server as Nova lists it, in short."""
    return {
        "id": id_,
        "name": f"server {id_}",
        "status": "ACTIVE",
        "tenant_id": "p1",
        "updated": "2026-01-01T00:00:00Z",
        **fields,
    }


def partial(id_: str) -> dict[str, Any]:
    """What Nova shows of a server whose cell is down."""
    return {
        "id": id_,
        "status": "UNKNOWN",
        "tenant_id": "p1",
        "created": "2026-01-01T00:00:00Z",
        "links": [],
    }


def page(*servers: Any, next_: str | None = None) -> Reply:
    """A page of a listing; `next_` is the marker that its link names."""
    body: dict[str, Any] = {"servers": list(servers)}
    if next_ is not None:
        href = f"http://elsewhere.invalid:1/v2.1/servers/detail?limit=2&marker={next_}"
        body["servers_links"] = [{"rel": "next", "href": href}]
    return Reply(body=body)


def fault(status: int, name: str, message: str, **headers: str) -> Reply:
    """An error in Nova's own format."""
    body = {name: {"code": status, "message": message}}
    return Reply(status, body, {key.replace("_", "-"): value for key, value in headers.items()})


def html(status: int) -> Reply:
    return Reply(status, b"<html><h1>Proxy says no</h1></html>", content_type="text/html")
