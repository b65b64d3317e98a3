# SPDX-License-Identifier: Apache-2.0
"""Topics within one process: what the relay publishes goes to the watches that subscribed.

It may lose messages, as a bus may: the ledger has what they tell of, and a watch mends it.
"""

import collections
import threading
import time
from collections.abc import Sequence
from typing import Any

import msgspec

from synchronizer.bus.subscription import Delivery

#: Bytes that wait for one subscriber before the oldest of them are dropped.
MOST_BYTES = 16 << 20


class Inbox:
    """One subscriber's messages, encoded, so that nobody shares an entity with another."""

    def __init__(self, exchange: "Exchange", topics: Sequence[str], most_bytes: int) -> None:
        self.topics = frozenset(topics)
        self._exchange = exchange
        self._most_bytes = most_bytes
        self._waiting: collections.deque[tuple[str, str, bytes]] = collections.deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._closed = False
        self._failure: BaseException | None = None

    def get(self, timeout: float | None = None) -> Delivery | None:
        """The next message; None when none came within `timeout` seconds, or it is closed.
        Raises what ended the exchange."""
        end = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while not (self._waiting or self._closed or self._failure):
                left = None if end is None else end - time.monotonic()
                if left is not None and left <= 0:
                    return None
                self._changed.wait(left)
            if self._closed:
                return None
            if self._failure is not None:
                raise self._failure.with_traceback(None)  # or each raise would lengthen it
            topic, event_type, body = self._waiting.popleft()
            self._bytes -= len(body)
        return Delivery(topic, event_type, msgspec.json.decode(body))

    def close(self) -> None:
        """No more messages; whoever waits for one returns."""
        self._exchange.forget(self)
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()

    def put(self, topic: str, event_type: str, body: bytes) -> None:
        """One more message. Beyond the bound the oldest go: the next one shows the gap."""
        with self._changed:
            self._waiting.append((topic, event_type, body))
            self._bytes += len(body)
            while self._bytes > self._most_bytes and len(self._waiting) > 1:
                self._bytes -= len(self._waiting.popleft()[2])
            self._changed.notify_all()

    def fail(self, error: BaseException) -> None:
        """Raise this instead of waiting for a message that will not come."""
        with self._changed:
            self._failure = error
            self._changed.notify_all()


class Exchange:
    """Hands each message to everybody who has subscribed to its topic."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._inboxes: list[Inbox] = []
        self._failure: BaseException | None = None

    def subscribe(self, topics: Sequence[str]) -> Inbox:
        """An inbox for what is sent on these topics from now on."""
        inbox = Inbox(self, topics, self._most_bytes)
        with self._lock:
            self._inboxes.append(inbox)
            if self._failure is not None:
                inbox.fail(self._failure)
        return inbox

    def send(self, topic: str, event_type: str, payload: dict[str, Any], deadline: float) -> None:
        """To all who listen; takes no time that a deadline could bound."""
        with self._lock:
            hearing = [inbox for inbox in self._inboxes if topic in inbox.topics]
        if hearing:
            body = msgspec.json.encode(payload)
            for inbox in hearing:
                inbox.put(topic, event_type, body)

    def forget(self, inbox: Inbox) -> None:
        """This one listens no longer."""
        with self._lock:
            if inbox in self._inboxes:
                self._inboxes.remove(inbox)

    def fail(self, error: BaseException) -> None:
        """Whoever waits for a message, now or later, is to raise this."""
        with self._lock:
            self._failure = error
            inboxes = list(self._inboxes)
        for inbox in inboxes:
            inbox.fail(error)
