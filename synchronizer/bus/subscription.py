# SPDX-License-Identifier: Apache-2.0
"""Receives notifications in their order, as fast as the consumer takes them.

Each subscription has a queue of its own on the bus, which goes when it has had no
consumer for a while: a consumer that dies leaves nothing behind that grows.
"""

import collections
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

    It listens as soon as the bus allows it; what was sent before is not seen. The bus
    keeps what is not taken, up to its own limits, and `size` are kept here. After
    `close`, from any thread, waiting consumers return and iterations end.
    """

    def __init__(
        self,
        transport: oslo_transport.NotificationTransport,
        topics: Sequence[str],
        pool: str | None = None,
        size: int = 100,
    ) -> None:
        self.pool = pool or f"{POOL_PREFIX}{uuid.uuid4()}"
        self._size = size
        self._inbox: collections.deque[Delivery] = collections.deque()
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
            while not self._inbox and not self._closed:
                left = None if end is None else end - time.monotonic()
                if left is not None and left <= 0:
                    return None
                self._changed.wait(left)
            if self._closed:
                return None
            self._changed.notify_all()
            return self._inbox.popleft()

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

    def _offer(self, delivery: Delivery) -> None:
        """Wait for room, which holds back the bus; it is acknowledged when this returns."""
        with self._changed:
            while len(self._inbox) >= self._size and not self._closed:
                self._changed.wait()
            if not self._closed:
                self._inbox.append(delivery)
                self._changed.notify_all()


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
        self._subscription._offer(Delivery(topic, event_type, payload))


class _Server(listener.NotificationServer):
    """oslo.messaging's listener, with a queue that goes with its consumer."""

    def __init__(self, *arguments: Any, pool: str, private: bool) -> None:
        super().__init__(*arguments, pool=pool)
        self._private = private

    def _create_listener(self) -> Any:
        return ephemeral.listen(self.transport, self._targets_priorities, self._pool, self._private)
