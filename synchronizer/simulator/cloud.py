# SPDX-License-Identifier: Apache-2.0
"""The two services under one origin, with the faults in front of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from synchronizer.simulator import damage
from synchronizer.simulator.faults import Fault, FaultBook, Operation
from synchronizer.simulator.keystone import Keystone
from synchronizer.simulator.messages import Request, Response
from synchronizer.simulator.nova import Nova
from synchronizer.simulator.nova_errors import no_route
from synchronizer.simulator.tokens import Tokens
from synchronizer.simulator.world import World

IDENTITY = "/identity"
COMPUTE = "/compute"


@dataclass(frozen=True)
class Plan:
    """What will happen to a request, decided before anything does."""

    operation: Operation
    page: int | None
    faults: Sequence[Fault]

    def fault(self, kind: str) -> Fault | None:
        return next((fault for fault in self.faults if fault.kind == kind), None)


class Cloud:
    """Plans and answers the requests of both services."""

    def __init__(
        self, world: World, keystone: Keystone, nova: Nova, tokens: Tokens, faults: FaultBook
    ) -> None:
        self._world = world
        self._keystone = keystone
        self._nova = nova
        self._tokens = tokens
        self._faults = faults

    def plan(self, request: Request) -> Plan:
        """Say what kind of request this is and which faults strike it."""
        operation = _classify(request)
        page = self._nova.page_number(request) if operation in ("list", "changes") else None
        return Plan(operation, page, self._faults.strike(operation, request.path, page))

    def delay(self, request: Request, plan: Plan) -> float:
        """Return for how many seconds the answer is held back."""
        seconds = 0.0
        for fault in plan.faults:
            if fault.kind != "slow":
                continue
            if fault.total is None:
                seconds += fault.seconds or 0.0
            elif plan.page is not None:
                seconds += fault.total / self._pages(request)
        return seconds

    def answer(self, request: Request, plan: Plan) -> Response:
        """Return the answer, as the faults leave it."""
        identity = request.path.startswith(IDENTITY)
        if plan.fault("expire-tokens") is not None:
            self._tokens.revoke_all()
        replaced = damage.instead(plan.faults, identity)
        if replaced is not None:
            return replaced
        if identity:
            response = self._keystone.answer(request)
        elif request.path.startswith(COMPUTE):
            response = self._nova.answer(request, plan.faults)
        else:
            response = no_route(request.headers.get("accept", ""))
        return damage.after(response, plan.faults)

    def _pages(self, request: Request) -> int:
        text = request.last.get("limit", "")
        limit = min(int(text), self._nova.max_limit) if text.isdecimal() else self._nova.max_limit
        return max(1, math.ceil(self._world.live / max(1, limit)))


def _classify(request: Request) -> Operation:
    path = request.path.rstrip("/")
    if path.endswith("/auth/tokens"):
        return "auth"
    if path in (f"{COMPUTE}/v2.1/servers", f"{COMPUTE}/v2.1/servers/detail"):
        return "changes" if "changes-since" in request.last else "list"
    if path.startswith(f"{COMPUTE}/v2.1/servers/"):
        return "get"
    if path in ("", IDENTITY, f"{IDENTITY}/v3", COMPUTE, f"{COMPUTE}/v2.1"):
        return "versions"
    return "other"
