# SPDX-License-Identifier: Apache-2.0
"""The demonstration's consumer: a copy of the cloud, kept in a thread of its own."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from synchronizer import errors
from synchronizer.bus.subscription import Delivery
from synchronizer.client import Client, Copy, Event, Watch
from synchronizer.client.watch import Subscribed
from synchronizer.demo.truth import visible


class Consumer:
    """Applies every event to `copy`, and hands it to the `takers` after that, with whether
    its stream was whole before: what comes then is a change.

    `drop_message`: the first notification that tells of a delete is withheld, and
    nothing is mended; such a copy must be found to be wrong.
    """

    def __init__(
        self,
        client: Client,
        type_: str,
        *,
        takers: Sequence[Callable[[Event, bool], None]] = (),
        drop_message: bool = False,
    ) -> None:
        self.copy = Copy()
        self.lock = threading.Lock()
        self.problem: str | None = None
        self._client = client
        self._takers = takers
        self._withholding: Withholding | None = None
        self._watch: Watch = client.watch(
            [type_],
            keep_entities=True,
            patient=True,
            repair=not drop_message,
            wrap=self._withhold if drop_message else None,
        )
        self._thread = threading.Thread(target=self._run, name="consumer", daemon=True)
        self._thread.start()

    @property
    def withheld(self) -> bool:
        """Whether the notification that was to be lost is lost."""
        return self._withholding is not None and self._withholding.lost

    def equals(self, cloud: str, type_: str, truth: dict[str, dict[str, Any]]) -> bool:
        """Whether the copy is the truth, whole entity for whole entity."""
        with self.lock:
            copy = self.copy.of(cloud, type_)
            return copy.keys() == truth.keys() and all(
                visible(copy[id_]) == entity for id_, entity in truth.items()
            )

    def count(self, cloud: str, type_: str) -> int:
        with self.lock:
            return len(self.copy.of(cloud, type_))

    def close(self) -> None:
        self._watch.close()
        self._thread.join(timeout=10)
        self._client.close()

    def _withhold(self, subscription: Subscribed) -> "Withholding":
        self._withholding = Withholding(subscription)
        return self._withholding

    def _run(self) -> None:
        try:
            for event in self._watch:
                with self.lock:
                    synced = event.stream in self.copy.synced
                    self.copy.apply(event)
                    for take in self._takers:
                        take(event, synced)
        except errors.SynchronizerError as error:
            self.problem = error.message
        except Exception as error:
            self.problem = f"the consumer ended: {type(error).__name__}: {error}"
            raise


class Withholding:
    """A subscription that loses the first notification that tells of a delete."""

    def __init__(self, subscription: Subscribed) -> None:
        self._subscription = subscription
        self.lost = False

    def get(self, timeout: float | None = None) -> Delivery | None:
        delivery = self._subscription.get(timeout)
        if delivery is None or self.lost:
            return delivery
        changes = delivery.payload.get("changes", ())
        if any(change["op"] == "delete" for change in changes):
            self.lost = True
            return self._subscription.get(timeout)
        return delivery

    def close(self) -> None:
        self._subscription.close()
