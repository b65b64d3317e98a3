# SPDX-License-Identifier: Apache-2.0
"""The real cloud and the simulated one, asked in exactly the same way."""

import http.client
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from synchronizer.simulator import Simulator
from tests.acceptance.cloud.running import RunningCloud

PASSWORD = "secret"
DETAIL = "/servers/detail?all_tenants=1"


@dataclass(frozen=True)
class Answer:
    """An answer; header names are in lower case, ``body`` is decoded if it is JSON."""

    status: int
    headers: dict[str, str]
    body: Any


@dataclass
class Side:
    """One of the two.

    ``identity`` and ``compute`` are URLs, the latter with /v2.1.  ``ids`` are what the
    requests' ``{names}`` stand for: a live server (of the project admin, so that no member
    sees it), one of demo1, a deleted one, a network of none.
    """

    name: str
    identity: str
    compute: str
    ids: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def ask(
        self,
        path: str,
        *,
        user: str | None = "admin",
        minor: int | None = 96,
        headers: dict[str, str] | None = None,
        method: str = "GET",
        body: Any = None,
    ) -> Answer:
        """Send a request to Nova; a path that begins with ``/v3`` goes to Keystone.

        ``root:`` before a path means: outside /v2.1.  A link is followed as it is.
        """
        sent = {"Accept": "application/json", "X-Auth-Token": self.token(user) if user else ""}
        if minor is not None:
            sent["OpenStack-API-Version"] = f"compute 2.{minor}"
        sent |= {} if body is None else {"Content-Type": "application/json"}
        sent |= headers or {}
        return _send(method, self._url(path.format(**self.ids)), sent, body)

    def token(self, user: str) -> str:
        """Return a token of the user, in the project of that name."""
        if user not in self.tokens:
            answer = self.log_in(user, PASSWORD)
            assert answer.status == 201, answer
            self.tokens[user] = answer.headers["x-subject-token"]
        return self.tokens[user]

    def log_in(self, user: str, password: str) -> Answer:
        """Ask Keystone for a token."""
        domain = {"id": "default"}
        auth = {
            "identity": {
                "methods": ["password"],
                "password": {"user": {"name": user, "domain": domain, "password": password}},
            },
            "scope": {"project": {"name": user, "domain": domain}},
        }
        url = f"{self.identity}/auth/tokens"
        return _send("POST", url, {"Content-Type": "application/json"}, {"auth": auth})

    def normal(self, href: str) -> tuple[str, tuple[tuple[str, str], ...]]:
        """Return a link without what must differ: (path, query) with ids as ``<id>``."""
        root = self.compute.removesuffix("/v2.1")
        inside = href.removeprefix(root)
        assert inside != href, f"{self.name} links to elsewhere: {href}"
        parts = urlsplit(inside)
        return _nameless(parts.path), tuple(
            (name, _nameless(value)) for name, value in parse_qsl(parts.query)
        )

    def _url(self, path: str) -> str:
        if path.startswith("http"):
            return path
        if path.startswith("root:"):
            return self.compute.removesuffix("/v2.1") + path.removeprefix("root:")
        if path.startswith("/v3"):
            return self.identity + path.removeprefix("/v3")
        return self.compute + path


@contextmanager
def both(cloud: RunningCloud) -> Iterator[tuple[Side, Side]]:
    """Yield (real, simulated), each with the servers that the requests name."""
    real = Side("the real cloud", cloud.auth_url, cloud.compute_url)
    cloud.seed(12, seed=3, kinds=["server"])
    with Simulator(servers=60, seed=3).serving() as running:
        simulated = Side("the simulator", running.auth_url, running.compute_url)
        for side in (real, simulated):
            listed = side.ask(DETAIL).body["servers"]
            mine, its = (_project(side, user) for user in ("admin", "demo1"))
            typical = [server for server in listed if is_typical(server)]
            side.ids["live"] = next(s["id"] for s in typical if s["tenant_id"] == mine)
            side.ids["demo1"] = next(s["id"] for s in typical if s["tenant_id"] == its)
        victims = [
            next(
                server["id"]
                for server in side.ask(DETAIL).body["servers"]
                if server["id"] not in side.ids.values() and is_typical(server)
            )
            for side in (real, simulated)
        ]
        _delete(real, victims[0])
        running.control.mutate("delete", victims[1])
        real.ids["deleted"], simulated.ids["deleted"] = victims
        yield real, simulated


def is_typical(server: dict[str, Any]) -> bool:
    """Tell whether a server shows all that a server in health shows."""
    return server["status"] == "ACTIVE" and bool(server["addresses"])


def _project(side: Side, user: str) -> str:
    headers = {"X-Subject-Token": side.token(user)}
    return str(side.ask("/v3/auth/tokens", headers=headers).body["token"]["project"]["id"])


def _delete(side: Side, server: str) -> None:
    assert side.ask(f"/servers/{server}", method="DELETE").status == 204
    for _ in range(600):  # each look is a request of some milliseconds
        if side.ask(f"/servers/{server}").status == 404:
            return
    raise AssertionError(f"{server} stays")


def _send(method: str, url: str, headers: dict[str, str], body: Any) -> Answer:
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    try:
        data = None if body is None else json.dumps(body)
        connection.request(method, target, data, {k: v for k, v in headers.items() if v})
        response = connection.getresponse()
        text = response.read()
        names: dict[str, str] = {}
        for name, value in response.getheaders():  # one may come several times
            before = names.get(name.lower())
            names[name.lower()] = value if before is None else f"{before}, {value}"
        is_json = names.get("content-type", "").startswith("application/json")
        return Answer(response.status, names, json.loads(text) if is_json and text else text)
    finally:
        connection.close()


def _nameless(text: str) -> str:
    text = re.sub(r"/flavors/[^/]+", "/flavors/<id>", text)
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<id>", text)
