# SPDX-License-Identifier: Apache-2.0
"""A Keystone with one service beside it, which answers as a test tells it to.

For what neither the simulated cloud nor a real service can be made to say.
"""

import dataclasses
import http.server
import itertools
import json
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REGION = "RegionOne"


@dataclasses.dataclass
class Reply:
    """`body` is bytes, or a value to send as JSON. `cut`: bytes to send before hanging up, the
    whole being promised."""

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    content_type: str = "application/json"
    cut: int | None = None

    @property
    def text(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclasses.dataclass
class Request:
    """`path` is below the endpoint, or the whole one if it is not there."""

    path: str
    query: dict[str, str]
    headers: Mapping[str, str]


@dataclasses.dataclass
class ScriptedCloud:
    """`service_type`: of the catalogue, whose endpoint ends with `version`; `answer`: what the
    service says to a GET. `roles` and `project` are those of the tokens."""

    service_type: str
    version: str
    answer: Callable[[Request], Reply]
    roles: list[str] = dataclasses.field(default_factory=lambda: ["admin"])
    project: str = "p1"
    in_catalogue: bool = True
    requests: list[Request] = dataclasses.field(default_factory=list)
    origin: str = ""
    _tokens: Iterator[int] = dataclasses.field(default_factory=lambda: itertools.count(1))

    @property
    def auth_url(self) -> str:
        return f"{self.origin}/identity/v3"

    @property
    def url(self) -> str:
        return f"{self.origin}{self.version}"

    def write_clouds(self, file: Path, *names: str) -> None:
        """A clouds.yaml with this cloud under these names, and `closed`, whose service does
        not answer."""
        auth = {
            "auth_url": self.auth_url,
            "username": "admin",
            "password": "scripted-password",
            "project_name": "admin",
            "user_domain_name": "Default",
            "project_domain_name": "Default",
        }
        override = f"{self.service_type.replace('-', '_')}_endpoint_override"
        clouds: dict[str, Any] = {name: {"auth": auth, "region_name": REGION} for name in names}
        # Nothing ever listens on the port of TCP's multiplexer.
        clouds["closed"] = {"auth": auth, override: "http://127.0.0.1:1/v1"}
        file.write_text(json.dumps({"clouds": clouds}))

    def served(self, path: str, query: dict[str, str], headers: Mapping[str, str]) -> Reply:
        request = Request(path.removeprefix(self.version), query, headers)
        self.requests.append(request)
        return self.answer(request)

    def token(self) -> Reply:
        endpoint = {
            "id": "e1",
            "interface": "public",
            "region": REGION,
            "region_id": REGION,
            "url": self.url,
        }
        offered = self.service_type if self.in_catalogue else "something-else"
        entry = {"type": offered, "name": "s", "id": "s", "endpoints": [endpoint]}
        token = {
            "methods": ["password"],
            "user": {"id": "u1", "name": "admin", "domain": {"id": "default", "name": "Default"}},
            "project": {"id": self.project, "name": "admin", "domain": {"id": "default"}},
            "roles": [{"id": role, "name": role} for role in self.roles],
            "catalog": [entry],
            "issued_at": "2026-01-01T00:00:00.000000Z",
            "expires_at": "2999-01-01T00:00:00.000000Z",
        }
        subject = f"gAAAA-scripted-token-{next(self._tokens)}"
        return Reply({"token": token}, 201, {"X-Subject-Token": subject})


def _handler(cloud: ScriptedCloud) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # headers and body in one piece: else each answer waits for an ACK

        def do_GET(self) -> None:
            url = urllib.parse.urlsplit(self.path)
            if url.path == "/identity/v3":
                link = {"rel": "self", "href": cloud.auth_url}
                self._send(Reply({"version": {"id": "v3.14", "status": "stable", "links": [link]}}))
            else:
                query = dict(urllib.parse.parse_qsl(url.query))
                self._send(cloud.served(url.path, query, dict(self.headers)))

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._send(cloud.token())

        def _send(self, reply: Reply) -> None:
            text = reply.text
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(text)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(text[: reply.cut])
            except OSError:
                self.close_connection = True  # the client has given up
            if reply.cut is not None:
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Tests have their own output."""

    return Handler


@contextmanager
def serving(
    service_type: str, version: str, answer: Callable[[Request], Reply]
) -> Iterator[ScriptedCloud]:
    """The cloud, until the end of the block."""
    cloud = ScriptedCloud(service_type, version, answer)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(cloud))
    server.daemon_threads = True
    cloud.origin = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield cloud
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def page(
    rows: list[dict[str, Any]], plural: str, links: str, request: Request, most: int = 1000
) -> dict[str, Any] | None:
    """A page of rows as services with markers and links give it; None for an unknown marker."""
    marker, limit = request.query.get("marker"), int(request.query.get("limit", most))
    ids = [row["id"] for row in rows]
    if marker is not None and marker not in ids:
        return None
    start = 0 if marker is None else ids.index(marker) + 1
    shown = rows[start : start + min(limit, most)]
    document: dict[str, Any] = {plural: shown}
    if shown and len(shown) == min(limit, most):
        query = urllib.parse.urlencode({**request.query, "marker": shown[-1]["id"]})
        href = f"http://elsewhere.invalid:1{request.path}?{query}"
        document[links] = [{"rel": "next", "href": href}]
    return document


def html(status: int) -> Reply:
    """What a proxy says."""
    return Reply(b"<html><h1>Proxy says no</h1></html>", status, content_type="text/html")
