# SPDX-License-Identifier: Apache-2.0
"""The control side of the server: faults, churn, single mutations, counts, tokens.

It has no authentication, like a test fixture and unlike a service: keep it on loopback.
"""

from __future__ import annotations

from typing import Any

import msgspec

from synchronizer.simulator.churn import Churn, MutationRefusedError
from synchronizer.simulator.faults import Fault, FaultBook
from synchronizer.simulator.messages import Request, Response
from synchronizer.simulator.request_log import RequestLog
from synchronizer.simulator.tokens import Tokens
from synchronizer.simulator.world import UnknownServerError, World

CONTROL = "/_simulator"


class ChurnOrder(msgspec.Struct, forbid_unknown_fields=True):
    """`rate` in mutations a second, 0 to stop; `shares` are weights by kind."""

    rate: float | None = None
    shares: dict[str, float] | None = None


class StepOrder(msgspec.Struct, forbid_unknown_fields=True):
    """How many steps; `settle` finishes what is under way afterwards."""

    count: int = 1
    settle: bool = False


class MutationOrder(msgspec.Struct, forbid_unknown_fields=True):
    """A kind of operation, and the server it happens to (any that fits, if left out)."""

    kind: str
    id: str | None = None


class ControlApi:
    """Answers requests whose path begins with `/_simulator`, in JSON."""

    def __init__(
        self, world: World, churn: Churn, faults: FaultBook, tokens: Tokens, log: RequestLog
    ) -> None:
        self._world = world
        self._churn = churn
        self._faults = faults
        self._tokens = tokens
        self._log = log

    def answer(self, request: Request) -> Response:
        path = request.path.removeprefix(CONTROL).rstrip("/")
        try:
            return self._route(request.method, path, request.body)
        except UnknownServerError as error:
            return Response.json(404, {"error": f"no such server: {error}"})
        except (msgspec.MsgspecError, MutationRefusedError) as error:
            return Response.json(400, {"error": str(error)})

    def _route(self, method: str, path: str, body: bytes) -> Response:
        match method, path:
            case "GET", "":
                return Response.json(200, self._state())
            case "GET", "/stats":
                return Response.json(200, self._log.stats())
            case "DELETE", "/stats":
                self._log.reset()
                return Response(204)
            case "GET", "/faults":
                return Response.json(200, {"faults": self._faults.listed()})
            case "POST", "/faults":
                return self._add_fault(body)
            case "DELETE", "/faults":
                self._faults.clear()
                return Response(204)
            case "GET", "/churn":
                return Response.json(200, self._churn_state())
            case "PUT", "/churn":
                return self._set_churn(body)
            case "POST", "/churn/steps":
                steps = msgspec.json.decode(body or b"{}", type=StepOrder)
                made = self._churn.step(steps.count)
                made += self._churn.settle() if steps.settle else 0
                return Response.json(200, {"mutations": made, "seq": self._world.seq})
            case "POST", "/mutations":
                return self._mutate(body)
            case "POST", "/tokens/expire":
                return Response.json(200, {"expired": self._tokens.revoke_all()})
        if method == "DELETE" and path.startswith("/faults/"):
            number = path.removeprefix("/faults/")
            if number.isdecimal() and self._faults.remove(int(number)):
                return Response(204)
        return Response.json(404, {"error": f"nothing at {method} {path}"})

    def _state(self) -> dict[str, Any]:
        world = self._world
        return {"live": world.live, "ever": world.births, "seq": world.seq}

    def _churn_state(self) -> dict[str, Any]:
        return {"rate": self._churn.rate, "shares": self._churn.shares, "seq": self._world.seq}

    def _add_fault(self, body: bytes) -> Response:
        fault = msgspec.json.decode(body, type=Fault)
        number = self._faults.add(fault)
        if fault.kind == "lost-admin" and fault.revoke:
            self._tokens.revoke_all()
        return Response.json(201, {"id": number})

    def _set_churn(self, body: bytes) -> Response:
        order = msgspec.json.decode(body, type=ChurnOrder)
        if order.shares is not None:
            self._churn.set_shares(order.shares)
        if order.rate is not None:
            self._churn.start(order.rate)
        return Response.json(200, self._churn_state())

    def _mutate(self, body: bytes) -> Response:
        order = msgspec.json.decode(body, type=MutationOrder)
        servers = self._churn.mutate(order.kind, order.id)
        uuid = servers[-1].facts.id.decode() if servers else order.id
        return Response.json(200, {"id": uuid, "mutations": len(servers), "seq": self._world.seq})
