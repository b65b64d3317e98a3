# SPDX-License-Identifier: Apache-2.0
"""One queue: messages in order, its consumers in turn, and what they have not settled."""

import collections
from typing import Protocol


class Consumer(Protocol):
    """Where a queue's messages go."""

    def ready(self) -> bool:
        """Whether it takes another message now."""

    def take(self, queue: "Queue", number: int, body: bytes) -> None:
        """Deliver the body for a subscription; the queue hears of it by `settled`."""


class Queue:
    """A named queue. `held` counts the bytes of all that it has not been rid of."""

    def __init__(self, name: str, *, shared: bool) -> None:
        self.name = name
        self.shared = shared
        self.held = 0
        self.unacked = 0
        self.dropped = 0
        self._waiting: collections.deque[bytes] = collections.deque()
        self._consumers: collections.deque[tuple[Consumer, int]] = collections.deque()

    @property
    def waiting(self) -> int:
        """Messages that nobody was given yet."""
        return len(self._waiting)

    @property
    def consumers(self) -> int:
        return len(self._consumers)

    def subscribe(self, consumer: Consumer, number: int) -> None:
        """Another consumer; the same one counts once, by its first subscription."""
        if all(other is not consumer for other, _ in self._consumers):
            self._consumers.append((consumer, number))

    def unsubscribe(self, consumer: Consumer) -> None:
        """The consumer is gone; what it has not settled must come back by `returned`."""
        self._consumers = collections.deque(
            pair for pair in self._consumers if pair[0] is not consumer
        )

    def put(self, body: bytes) -> None:
        """Add a message at the end."""
        self._waiting.append(body)
        self.held += len(body)

    def drop(self) -> int:
        """Lose the oldest waiting message; its bytes. There must be one."""
        body = self._waiting.popleft()
        self.held -= len(body)
        self.dropped += 1
        return len(body)

    def settled(self, body: bytes) -> None:
        """A consumer is done with a message."""
        self.unacked -= 1
        self.held -= len(body)

    def returned(self, body: bytes) -> None:
        """A message comes back, to the head. Several come back in the reverse of their order."""
        self.unacked -= 1
        self._waiting.appendleft(body)

    def pump(self) -> None:
        """Hand out what can be handed out, to the consumers in turn."""
        busy = 0
        while self._waiting and busy < len(self._consumers):
            consumer, number = self._consumers[0]
            self._consumers.rotate(-1)
            if not consumer.ready():
                busy += 1
                continue
            busy = 0
            body = self._waiting.popleft()
            self.unacked += 1
            consumer.take(self, number, body)
