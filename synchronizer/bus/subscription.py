# SPDX-License-Identifier: Apache-2.0
"""Receives notifications in their order, as fast as the consumer takes them.

Each subscription has a queue of its own on the bus, which goes when it has had no
consumer for a while: a consumer that dies leaves nothing behind that grows. And one that
sleeps costs a bounded amount of memory, whatever is published meanwhile.
"""

import collections
import json
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import oslo_messaging
from oslo_log import log as logging
from oslo_messaging import transport as oslo_transport
from oslo_messaging.notify import dispatcher, listener

from synchronizer.bus import ephemeral, topics
from synchronizer.bus.serving import Serving

LOG = logging.getLogger(__name__)

POOL_PREFIX = "synchronizer-client-"


class Delivery(NamedTuple):
    """One notification. `payload` is as it came; `envelope` decodes it."""

    topic: str
    event_type: str
    payload: dict[str, Any]


class Subscription:
    """The notifications of some topics, to be taken by `get` or by iterating.

    It listens as soon as the bus allows it; what was sent before is not seen. What is not
    taken is kept here, up to `size` notifications and about `max_bytes` of JSON. Then the bus
    is held back, and keeps the rest up to its own limits; or, with `skip`, the bus is never
    held back, and of what has no room only the newest of each topic is kept: it shows that
    something is missing, and `skipped` counts how much. After `close`, from any thread,
    waiting consumers return and iterations end.
    """

    def __init__(
        self,
        transport: oslo_transport.NotificationTransport,
        topics: Sequence[str],
        pool: str | None = None,
        size: int = 100,
        max_bytes: int = 16 << 20,
        skip: bool = False,
    ) -> None:
        self.pool = pool or f"{POOL_PREFIX}{uuid.uuid4()}"
        self.skipped = 0
        self._inbox = _Inbox(size, max_bytes)
        self._newest: dict[str, _Kept] = {}  # of topics of which something was skipped
        self._skip = skip
        self._changed = threading.Condition()
        self._closed = False
        targets = [oslo_messaging.Target(topic=topic) for topic in topics]
        self._serving = Serving(
            f"subscription {self.pool}",
            lambda: _Server(
                transport,
                targets,
                dispatcher.NotificationDispatcher([_Endpoint(self)], None),
                pool=self.pool,
                private=pool is None,
            ),
            # More threads would change the order.
            threads=1,
        )
        self._serving.start()

    def wait_started(self, timeout: float) -> bool:
        """Whether it listens, or came to within `timeout` seconds."""
        return self._serving.wait_started(timeout)

    def get(self, timeout: float | None = None) -> Delivery | None:
        """The next notification; None when none came within `timeout` seconds, or it is closed."""
        end = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while not self._inbox and not self._newest and not self._closed:
                left = None if end is None else end - time.monotonic()
                if left is not None and left <= 0:
                    return None
                self._changed.wait(left)
            if self._closed:
                return None
            self._changed.notify_all()
            # What is newest of a topic comes after all of it that there was room for.
            oldest = next(iter(self._newest), "")
            kept = self._inbox.take() if self._inbox else self._newest.pop(oldest)
        return Delivery(kept.topic, kept.event_type, json.loads(kept.text))

    def __iter__(self) -> Iterator[Delivery]:
        while (delivery := self.get()) is not None:
            yield delivery

    @property
    def closed(self) -> bool:
        return self._closed

    def close(self, timeout: float = 10.0) -> None:
        """Listen no longer, within `timeout` seconds; what was not taken is lost."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._serving.stop(timeout)

    def _offer(self, topic: str, event_type: str, payload: dict[str, Any]) -> None:
        """Wait for room, or skip; the bus has its acknowledgement when this returns."""
        # As text it takes a fifth of the memory, and one that is known.
        kept = _Kept(topic, event_type, json.dumps(payload))
        with self._changed:
            while not self._skip and self._inbox.is_full and not self._closed:
                self._changed.wait()
            if self._closed:
                return
            if self._inbox.is_full or topic in self._newest:
                # Also when there is room again by now: it must not overtake the one before it.
                self._note_skipped(topic)
                self._newest[topic] = kept
            else:
                self._inbox.put(kept)
            self._changed.notify_all()

    def _note_skipped(self, topic: str) -> None:
        if topic in self._newest:
            self.skipped += 1
        elif not self._newest:
            LOG.info("%s: more comes than is taken; some of it is skipped", self.pool)


class _Kept(NamedTuple):
    """A notification, its payload as JSON."""

    topic: str
    event_type: str
    text: str


class _Inbox:
    """Notifications in their order, and whether there are as many as there may be."""

    def __init__(self, size: int, max_bytes: int) -> None:
        self._size = size
        self._max_bytes = max_bytes
        self._bytes = 0
        self._waiting: collections.deque[_Kept] = collections.deque()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def is_full(self) -> bool:
        return len(self._waiting) >= self._size or self._bytes >= self._max_bytes

    def put(self, kept: _Kept) -> None:
        self._waiting.append(kept)
        self._bytes += len(kept.text)

    def take(self) -> _Kept:
        kept = self._waiting.popleft()
        self._bytes -= len(kept.text)
        return kept


class _Endpoint:
    """What oslo.messaging calls for each notification of priority `info`."""

    def __init__(self, subscription: Subscription) -> None:
        self._subscription = subscription

    def info(
        self,
        ctxt: dict[str, Any],
        publisher_id: str,
        event_type: str,
        payload: dict[str, Any],
        metadata: dict[str, Any],
    ) -> None:
        try:
            # A notification does not carry its topic, but what the topic is made of.
            entity_type, _ = topics.parse_event_type(event_type)
            topic = topics.topic_of(payload["cloud"], entity_type)
        except (topics.BadName, KeyError, TypeError) as error:
            LOG.warning("a notification from %s is ignored: %s", publisher_id, error)
            return
        self._subscription._offer(topic, event_type, payload)


class _Server(listener.NotificationServer):
    """oslo.messaging's listener, with a queue that goes with its consumer."""

    def __init__(self, *arguments: Any, pool: str, private: bool) -> None:
        super().__init__(*arguments, pool=pool)
        self._private = private

    def _create_listener(self) -> Any:
        return ephemeral.listen(self.transport, self._targets_priorities, self._pool, self._private)
