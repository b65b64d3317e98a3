# SPDX-License-Identifier: Apache-2.0
"""A cloud with one small service, "fleet", which can be made to lie in every known way.

The same ships are listed under several paths, each with another way of paging. Its Keystone
takes any credential, and remembers what it was asked for.
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

OWN, SIZE = "own-project", 3

Document = dict[str, Any]
Answer = tuple[int, Document, Mapping[str, str]]


def _nothing(number: int) -> None:
    """No test wants to know of this page."""


@dataclasses.dataclass
class Fleet:
    """`roles`: of every token from now on; older tokens are refused when they change.

    `hides_others`: a policy, whatever the role. `lost_page`: the page that comes after this
    one is left out. `truncated`: a listing ends after its first page, and says so. `down`:
    ids that no listing shows, and whose GET fails. `behind`: what a lagging replica has.
    `on_page(n)` is called when page n of a listing was read. `endpoints`: type -> region.
    """

    url: str = ""
    roles: list[str] = dataclasses.field(default_factory=lambda: ["admin"])
    hides_others: bool = False
    lost_page: int | None = None
    truncated: bool = False
    down: set[str] = dataclasses.field(default_factory=set)
    behind: dict[str, Document] | None = None
    on_page: Callable[[int], None] = _nothing
    endpoints: dict[str, str] = dataclasses.field(default_factory=lambda: {"fleet": "RegionOne"})
    ships: dict[str, Document] = dataclasses.field(default_factory=dict)
    logins: list[Document] = dataclasses.field(default_factory=list)
    #: (path, token) of each request to the service.
    requests: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    _tokens: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    _numbers: Iterator[int] = dataclasses.field(default_factory=lambda: itertools.count(1))

    def launch(self, *names: str, project: str) -> None:
        for name in names:
            self.ships[name] = {"id": name, "project_id": project, "rank": name}

    # --- keystone ----------------------------------------------------------

    def token(self, body: Document) -> Answer:
        self.logins.append(body)
        id_ = f"gAAAA-fleet-token-{next(self._numbers)}"
        self._tokens[id_] = list(self.roles)
        token: Document = {
            "methods": ["password"],
            "user": {"id": "u1", "name": "admin", "domain": {"id": "default", "name": "Default"}},
            "roles": [{"id": role, "name": role} for role in self.roles],
            "catalog": [_entry(type_, region, self.url) for type_, region in self._regions()],
            "issued_at": "2026-01-01T00:00:00.000000Z",
            "expires_at": "2999-01-01T00:00:00.000000Z",
        }
        if "system" in body["auth"].get("scope", {}):
            token["system"] = {"all": True}
        else:
            token["project"] = {"id": OWN, "name": "own", "domain": {"id": "default"}}
        return 201, {"token": token}, {"X-Subject-Token": id_}

    def _regions(self) -> Iterator[tuple[str, str]]:
        for type_, regions in self.endpoints.items():
            for region in regions.split():
                yield type_, region

    # --- the service -------------------------------------------------------

    def answer(self, path: str, query: Mapping[str, str], token: str) -> Answer:
        self.requests.append((path, token))
        if self._tokens.get(token) != self.roles:
            return 401, {"error": {"message": "This is not authorized."}}, {}
        _, _type, _region, way, *id_ = path.split("/")
        return self._one(id_[0]) if id_ else self._listing(way, query)

    def _visible(self) -> dict[str, Document]:
        ships = self.ships if self.behind is None else self.behind
        if "admin" in self.roles and not self.hides_others:
            return dict(ships)
        return {id_: ship for id_, ship in ships.items() if ship["project_id"] == OWN}

    def _one(self, id_: str) -> Answer:
        if id_ in self.down:
            return 503, {"error": {"message": "its cell is down"}}, {}
        ship = self._visible().get(id_)
        if ship is None:
            return 404, {"NotFound": {"message": f"there is no ship {id_}"}}, {}
        return 200, {"ship": ship}, {}

    def _listing(self, way: str, query: Mapping[str, str]) -> Answer:
        ships = [ship for id_, ship in self._visible().items() if id_ not in self.down]
        ships.sort(key=lambda ship: (ship["rank"], ship["id"]))
        if way == "whole":
            if self.lost_page is not None:
                del ships[SIZE : 2 * SIZE]
            kept = ships[: SIZE if self.truncated else None]
            for number in range(len(ships) // SIZE + 1):
                self.on_page(number)
            return 200, {"ships": kept, "truncated": self.truncated}, {}
        marker = query.get("marker")
        places = [number for number, ship in enumerate(ships) if ship["id"] == marker]
        start = places[0] + 1 if places else 0
        page = start // SIZE
        if self.lost_page is not None and page == self.lost_page + 1:
            start += SIZE
        limit = min(int(query.get("limit", SIZE)), SIZE)
        shown = ships[start : start + limit]
        document: Document = {"ships": shown}
        if self.truncated:
            # One fewer, or who goes on from a full page would not notice the end.
            document = {"ships": shown[: limit - 1], "truncated": True}
        elif len(shown) == limit:  # the next page may be empty
            href = f"http://elsewhere.invalid/{way}?limit={limit}&marker={shown[-1]['id']}"
            following: dict[str, Document] = {
                "linked": {"ships_links": [{"rel": "next", "href": href}]},
                "chained": {"links": {"next": href}},
                "marked": {},
            }
            document |= following[way.removeprefix("bare-")]
        self.on_page(page)
        return 200, document, {}


def _entry(type_: str, region: str, url: str) -> Document:
    endpoint = {
        "id": f"{type_}-{region}",
        "interface": "public",
        "region": region,
        "region_id": region,
        "url": f"{url}/{type_}/{region}",
    }
    return {"type": type_, "name": type_, "id": type_, "endpoints": [endpoint]}


def _handler(fleet: Fleet) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urllib.parse.urlsplit(self.path)
            if url.path == "/identity/v3":
                link = {"rel": "self", "href": f"{fleet.url}/identity/v3"}
                version = {"id": "v3.14", "status": "stable", "links": [link]}
                self._send(200, {"version": version}, {})
            else:
                query = dict(urllib.parse.parse_qsl(url.query))
                token = self.headers.get("X-Auth-Token", "")
                self._send(*fleet.answer(url.path, query, token))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._send(*fleet.token(body))

        def _send(self, status: int, document: Document, headers: Mapping[str, str]) -> None:
            text = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Tests have their own output."""

    return Handler


@contextmanager
def serving() -> Iterator[Fleet]:
    fleet = Fleet()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(fleet))
    server.daemon_threads = True
    fleet.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield fleet
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
