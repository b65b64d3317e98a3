# SPDX-License-Identifier: Apache-2.0
"""A thread that applies a watch's events to a copy and keeps them."""

import threading
from collections.abc import Callable

from synchronizer.client import Copy, Event, Watch
from synchronizer.model import Entity


class Consumer:
    """`error`: what ended the watch, if something did."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.copy = Copy()
        self.events: list[Event] = []
        self.error: Exception | None = None
        self.ended = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="consumer", daemon=True)
        self._thread.start()

    def wait(self, condition: Callable[["Consumer"], bool], what: str, seconds: float = 60) -> None:
        """Until the condition holds; looked at after every event."""
        with self._changed:
            held = self._changed.wait_for(lambda: condition(self) or self.ended, seconds)
            assert held and condition(self), f"never happened: {what}; {self.error!r}"

    def wait_for(self, cloud: str, type_: str, entities: dict[str, Entity]) -> None:
        """Until the copy is synced and equal."""
        self.wait(
            lambda me: bool(me.copy.synced) and me.copy.of(cloud, type_) == entities,
            f"the copy equals {len(entities)} entities",
        )

    def told(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    def close(self) -> None:
        self.watch.close()
        self._thread.join(30)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        try:
            for event in self.watch:
                with self._changed:
                    self.copy.apply(event)
                    self.events.append(event)
                    self._changed.notify_all()
        except Exception as error:
            self.error = error
        finally:
            with self._changed:
                self.ended = True
                self._changed.notify_all()
