# SPDX-License-Identifier: Apache-2.0
"""Calls the snapshot server's methods where they are, instead of by RPC."""

import threading
import time
from typing import Any

from synchronizer import errors
from synchronizer.snapshot import Endpoint

#: Seconds that a question may wait inside for a listing, before it looks whether to wait on.
WAITING = 0.5


class Gate:
    """Who is inside may finish; nobody enters once it is shut. Threads share it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._error: BaseException | None = None

    def __enter__(self) -> None:
        with self._changed:
            if self._error is not None:
                raise self._error
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
            self._changed.notify_all()

    def pause(self, seconds: float) -> None:
        """Waits so long, or until it is shut."""
        with self._changed:
            self._changed.wait_for(lambda: self._error is not None, seconds)

    def drain(self, seconds: float) -> bool:
        """Waits until nobody is inside, at most so long; whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: self._inside == 0, seconds)


class Direct:
    """What the client takes for its caller: the methods of the wire contract, without a wire.

    `patience`: seconds for which get_all waits for a listing, whatever deadline it is given.
    `considerate`: not while the source fails, as others wait for the same caller.
    """

    def __init__(
        self, endpoint: Endpoint, gate: Gate, *, patience: float, considerate: bool
    ) -> None:
        self._endpoint = endpoint
        self._gate = gate
        self._patience = patience
        self._considerate = considerate

    def call(self, method: str, *, deadline: float | None = None, **arguments: Any) -> Any:
        """The method's result, or what it raises; once the gate is shut, what that raises."""
        if "encoding" in arguments:
            arguments["encoding"] = "json"  # packing serves a broker, and nobody here
        end = time.monotonic() + self._patience
        while True:
            try:
                with self._gate:
                    return getattr(self._endpoint, method)({}, **arguments)
            except errors.ServiceUnavailable as error:
                if not self._worth_waiting(error) or time.monotonic() >= end:
                    raise
                # To go on waiting for the same listing.
                arguments["cursor"] = error.kwargs["cursor"]
                self._gate.pause(min(error.retry_after or 0.0, WAITING))

    def _worth_waiting(self, error: errors.ServiceUnavailable) -> bool:
        failing = error.kwargs.get("condition") is not None
        return "cursor" in error.kwargs and not (failing and self._considerate)


def closed() -> errors.Stop:
    """What a call after the end raises."""
    return errors.Stop("this was closed; make a new one")
