# SPDX-License-Identifier: Apache-2.0
"""The client of the control side, for tests and demonstrations."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import msgspec

from synchronizer.simulator.faults import Fault


class ControlError(Exception):
    """The simulator refused an order; the message is its own."""


class Control:
    """Steers a running simulator through its control URL; each call is one request.

    Raises ControlError for a refusal and OSError when the simulator cannot be reached.
    """

    def __init__(self, url: str, timeout: float = 30.0) -> None:
        self.url = url.rstrip("/")
        self._timeout = timeout
        self._opener = build_opener(ProxyHandler({}))  # never through a proxy

    def state(self) -> dict[str, Any]:
        """Return `live` and `ever`, the numbers of servers, and `seq`, that of mutations."""
        return self._ask("GET", "")

    def stats(self) -> dict[str, Any]:
        """Return `requests`, `operations`, `answers` ("list 200": 3) and `bytes`."""
        return self._ask("GET", "/stats")

    def reset_stats(self) -> None:
        self._ask("DELETE", "/stats")

    def add_fault(self, fault: Fault) -> int:
        """Put a fault in force; return its number."""
        return int(self._ask("POST", "/faults", _without_defaults(fault))["id"])

    def remove_fault(self, number: int) -> None:
        self._ask("DELETE", f"/faults/{number}")

    def clear_faults(self) -> None:
        self._ask("DELETE", "/faults")

    def faults(self) -> list[dict[str, Any]]:
        """Return the faults in force, each with how often it `struck`."""
        return list(self._ask("GET", "/faults")["faults"])

    def churn(
        self, rate: float | None = None, shares: Mapping[str, float] | None = None
    ) -> dict[str, Any]:
        """Set the rate (mutations a second, 0 stops) and the shares; return what is set."""
        order: dict[str, Any] = {}
        if rate is not None:
            order["rate"] = rate
        if shares is not None:
            order["shares"] = dict(shares)
        return self._ask("PUT", "/churn", order)

    def step(self, count: int = 1, *, settle: bool = False) -> int:
        """Make steps of churn; return how many mutations they made."""
        order = {"count": count, "settle": settle}
        return int(self._ask("POST", "/churn/steps", order)["mutations"])

    def mutate(self, kind: str, uuid: str | None = None) -> str:
        """Do one whole operation to a server; return its id."""
        order = {"kind": kind} if uuid is None else {"kind": kind, "id": uuid}
        return str(self._ask("POST", "/mutations", order)["id"])

    def expire_tokens(self) -> int:
        """End every token now; return how many there were."""
        return int(self._ask("POST", "/tokens/expire")["expired"])

    def _ask(self, method: str, path: str, order: object = None) -> dict[str, Any]:
        body = None if order is None else json.dumps(order).encode()
        request = Request(  # noqa: S310 - the URL is our own
            self.url + path,
            data=body,
            method=method,
            headers={"Content-Type": "application/json"},
        )
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                text = response.read()
        except HTTPError as error:
            with error:
                raise ControlError(error.read().decode(errors="replace")) from None
        answer: dict[str, Any] = json.loads(text) if text else {}
        return answer


def _without_defaults(fault: Fault) -> dict[str, Any]:
    built: dict[str, Any] = msgspec.to_builtins(fault)
    defaults = msgspec.to_builtins(Fault(kind="hang"))
    return {key: value for key, value in built.items() if key == "kind" or value != defaults[key]}
