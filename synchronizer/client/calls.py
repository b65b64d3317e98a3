# SPDX-License-Identifier: Apache-2.0
"""Calls to the snapshot server that `close`, from any thread, puts an end to."""

import concurrent.futures
import threading
from typing import Any, Protocol


class Closed(Exception):
    """It was closed while, or before, it was waited for."""


class Caller(Protocol):
    """What `bus.rpc.RpcClient` has: the result of a method within `deadline` seconds."""

    def call(self, method: str, *, deadline: float | None = None, **arguments: Any) -> Any: ...


class Calls:
    """Makes calls through another caller, each on a thread of its own, so that its own
    caller can leave at once. A call that was left runs out at its deadline."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._closed: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._lock = threading.Lock()

    def call(self, method: str, *, deadline: float | None = None, **arguments: Any) -> Any:
        """As the other caller's; `Closed` once this is closed."""
        if self._closed.done():
            raise Closed
        result: concurrent.futures.Future[Any] = concurrent.futures.Future()

        def work() -> None:
            try:
                result.set_result(self._caller.call(method, deadline=deadline, **arguments))
            except BaseException as error:
                result.set_exception(error)

        threading.Thread(target=work, name=f"call {method}", daemon=True).start()
        concurrent.futures.wait(
            (result, self._closed), return_when=concurrent.futures.FIRST_COMPLETED
        )
        if self._closed.done():
            raise Closed
        return result.result()

    def close(self) -> None:
        """No more calls; those under way are left."""
        with self._lock:
            if not self._closed.done():
                self._closed.set_result(None)
