# SPDX-License-Identifier: Apache-2.0
"""Calls the snapshot server's methods where they are, instead of by RPC."""

import threading
from typing import Any

from synchronizer import errors
from synchronizer.snapshot import Endpoint


class Gate:
    """Who is inside may finish; nobody enters once it is shut. Threads share it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._error: BaseException | None = None

    def __enter__(self) -> None:
        with self._changed:
            if self._error is not None:
                raise self._error.with_traceback(None)  # or each raise would lengthen it
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._inside -= 1
            self._changed.notify_all()

    def shut(self, error: BaseException) -> None:
        """From now on entering raises this; the first reason stands."""
        with self._changed:
            if self._error is None:
                self._error = error

    def drain(self, seconds: float) -> bool:
        """Waits until nobody is inside, at most so long; whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: self._inside == 0, seconds)


class Direct:
    """What the client takes for its caller: the methods of the wire contract, without a wire.
    How long they wait for a listing is the endpoint's own affair, whatever the deadline."""

    def __init__(self, endpoint: Endpoint, gate: Gate) -> None:
        self._endpoint = endpoint
        self._gate = gate

    def call(self, method: str, *, deadline: float | None = None, **arguments: Any) -> Any:
        """The method's result, or what it raises; once the gate is shut, what that raises."""
        if "encoding" in arguments:
            arguments["encoding"] = "json"  # packing serves a broker, and nobody here
        with self._gate:
            return getattr(self._endpoint, method)({}, **arguments)


def closed() -> errors.Stop:
    """What a call after the end raises."""
    return errors.Stop("this was closed; make a new one")
