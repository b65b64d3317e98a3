# SPDX-License-Identifier: Apache-2.0
"""A simulated cloud without sockets."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import pytest

from synchronizer.simulator import instants
from synchronizer.simulator.accounts import Accounts
from synchronizer.simulator.churn import Churn
from synchronizer.simulator.cloud import COMPUTE, IDENTITY, Cloud
from synchronizer.simulator.faults import Fault, FaultBook, Kind
from synchronizer.simulator.keystone import Keystone
from synchronizer.simulator.messages import Request, Response
from synchronizer.simulator.nova import Nova
from synchronizer.simulator.paging import PageTracker
from synchronizer.simulator.seeded import Seeded
from synchronizer.simulator.tokens import Tokens
from synchronizer.simulator.world import World

HOST = "cloud.test:80"


@dataclass
class Offline:
    servers: int = 50
    seed: int = 1
    page_limit: int = 1000
    token_life: float = 86_400.0
    now: float = 1_800_000_000.0
    world: World = field(init=False)
    churn: Churn = field(init=False)
    faults: FaultBook = field(init=False)

    def __post_init__(self) -> None:
        self.accounts = Accounts(self.seed)
        self.tokens = Tokens(self.token_life, clock=lambda: self.now)
        self.world = World(Seeded(self.seed), self.servers, clock=lambda: int(self.now * 1_000_000))
        self.churn = Churn(self.world, self.seed)
        self.faults = FaultBook(self.seed, clock=lambda: self.now)
        nova = Nova(
            self.world,
            self.accounts,
            self.tokens,
            PageTracker(),
            prefix=COMPUTE,
            identity=IDENTITY,
            max_limit=self.page_limit,
            clock=lambda: int(self.now * 1_000_000),
        )
        keystone = Keystone(self.accounts, self.tokens, IDENTITY, COMPUTE)
        self.cloud = Cloud(self.world, keystone, nova, self.tokens, self.faults)
        users = {user.name: user for user in self.accounts.users}
        self.logged_in = {
            name: self.tokens.issue(user, user.project).id for name, user in users.items()
        }

    def ask(
        self,
        target: str,
        *,
        user: str | None = "admin",
        version: str | None = "2.96",
        method: str = "GET",
        body: object = None,
        headers: dict[str, str] | None = None,
    ) -> Response:
        """Ask below the compute service, or for a whole path when it begins with /identity."""
        sent = {"host": HOST, **(headers or {})}
        if user is not None:
            sent["x-auth-token"] = self.logged_in.get(user, user)
        if version is not None:
            sent["openstack-api-version"] = f"compute {version}"
        whole = target if target.startswith(IDENTITY) else f"{COMPUTE}/v2.1{target}"
        data = b"" if body is None else json.dumps(body).encode()
        request = Request.of(method, whole, sent, data, HOST)
        return self.cloud.answer(request, self.cloud.plan(request))

    def json(self, target: str, **options: Any) -> Any:
        response = self.ask(target, **options)
        assert response.status < 300, response.body
        return json.loads(response.body)

    def walk(
        self, query: str, *, form: str = "/detail", **options: Any
    ) -> list[list[dict[str, Any]]]:
        """Follow a listing's links; return its pages."""
        pages: list[list[dict[str, Any]]] = []
        target: str | None = f"/servers{form}?{query}"
        while target is not None and len(pages) < 1000:
            answer = self.json(target, **options)
            pages.append(answer["servers"])
            links = answer.get("servers_links")
            target = None
            if links:
                assert links[0]["rel"] == "next"
                target = links[0]["href"].removeprefix(f"http://{HOST}{COMPUTE}/v2.1")
        return pages

    def ids(self, query: str = "all_tenants=1", **options: Any) -> list[str]:
        return [server["id"] for page in self.walk(query, **options) for server in page]

    def born(self, birth: int) -> str:
        return self.world.seeded.facts(birth).id.decode()

    def strike(self, kind: Kind, **limits: Any) -> int:
        return self.faults.add(Fault(kind=kind, **limits))

    def since(self, seconds: float = 0.0) -> str:
        return quote(instants.zulu(int(self.now - seconds)).decode())


@pytest.fixture(scope="session")
def offline() -> Callable[..., Offline]:
    """Makes clouds: `offline(servers=..., seed=..., page_limit=...)`; `now` is their clock."""
    return Offline
