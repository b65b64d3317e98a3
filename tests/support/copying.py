# SPDX-License-Identifier: Apache-2.0
"""A consumer that keeps a copy in a thread, through the client library like any other."""

import threading
import time
from typing import Any, Self

from synchronizer.client import Client, Copy, Deleted, Event
from synchronizer.model import StreamKey


class Copying:
    """`copy` is kept up to date; `deletes` are (instant in microseconds, id) as received, and
    `told` is (instant, event) for all that came after the first whole copy. `more`: for the
    client."""

    def __init__(self, transport_url: str, *types: str, cloud: str, **more: Any) -> None:
        self._client = Client(transport_url, cloud=cloud, **more)
        self._watch = self._client.watch(types, patient=True)
        self._changed = threading.Condition()
        self.copy = Copy()
        self.deletes: list[tuple[int, str]] = []
        self.told: list[tuple[int, Event]] = []
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="copying", daemon=True)

    def wait_synced(self, cloud: str, type_: str, patience: float) -> None:
        self._wait(lambda: StreamKey(cloud, type_) in self.copy.synced, patience, "the first copy")

    @property
    def client(self) -> Client:
        return self._client

    def wait_equal(
        self, cloud: str, type_: str, truth: dict[str, dict[str, Any]], patience: float
    ) -> None:
        """Until the copy is the truth, whole entity for whole entity; else says what differs."""
        try:
            self._wait(lambda: self.copy.of(cloud, type_) == truth, patience, "an exact copy")
        except AssertionError as error:
            raise AssertionError(
                f"{error}: {differences(self.copy.of(cloud, type_), truth)}"
            ) from None

    def _wait(self, done: Any, patience: float, what: str) -> None:
        end = time.monotonic() + patience
        with self._changed:
            while not done():
                if self.failure is not None:
                    raise AssertionError(f"the consumer ended: {self.failure!r}")
                left = end - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"waited {patience:.0f} s for {what} in vain")
                self._changed.wait(left)

    def _run(self) -> None:
        try:
            for event in self._watch:
                self._take(event)
        except BaseException as error:
            with self._changed:
                self.failure = error
                self._changed.notify_all()

    def _take(self, event: Event) -> None:
        with self._changed:
            now = time.time_ns() // 1000
            if event.stream in self.copy.synced:
                self.told.append((now, event))
            self.copy.apply(event)
            if isinstance(event, Deleted):
                self.deletes.append((now, event.id))
            self._changed.notify_all()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._watch.close()
        self._thread.join(10)
        self._client.close()


def differences(copy: dict[str, dict[str, Any]], truth: dict[str, dict[str, Any]]) -> list[str]:
    """The first few differences, in words."""
    found = [f"{id_} is missing" for id_ in truth.keys() - copy.keys()]
    found += [f"{id_} should be gone" for id_ in copy.keys() - truth.keys()]
    for id_ in truth.keys() & copy.keys():
        fields = {
            name: (copy[id_].get(name), truth[id_].get(name))
            for name in copy[id_].keys() | truth[id_].keys()
            if copy[id_].get(name) != truth[id_].get(name)
        }
        if fields:
            found.append(f"{id_} differs in {fields}")
    return found[:10]
