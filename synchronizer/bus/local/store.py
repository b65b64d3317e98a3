# SPDX-License-Identifier: Apache-2.0
"""All queues of a broker and their bounds."""

import collections
import time
from collections.abc import Iterable

from oslo_log import log as logging

from synchronizer.bus.local.limits import Limits
from synchronizer.bus.local.protocol import Publish, Subscribe
from synchronizer.bus.local.queues import Consumer, Queue
from synchronizer.bus.local.routing import Routes
from synchronizer.bus.local.status import QueueStatus

LOG = logging.getLogger(__name__)

#: Seconds between two lines about messages dropped.
_QUIET = 10.0


class Full(Exception):
    """There are as many queues as there may be."""


class Store:
    """Queues by name, the routes to them, and the sum of their bytes."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._queues: dict[str, Queue] = {}
        self._routes = Routes()
        # Queues without consumers and when they go, the next one first: all have one grace.
        self._orphans: collections.OrderedDict[str, float] = collections.OrderedDict()
        self._told = -_QUIET
        self.held = 0
        self.published = 0
        self.dropped = 0

    def publish(self, request: Publish, body: bytes) -> int:
        """Put the body into the queues it is routed to; their number."""
        self.published += 1
        names = self._routes.find(request.kind, request.exchange, request.key)
        for name in names:
            queue = self._queues[name]
            if not self._make_room(len(body)):
                # All that is held is handed out: the message itself is the one to go.
                queue.dropped += 1
                self._count_drop(queue)
                continue
            queue.put(body)
            self.held += len(body)
            # First out, then bounded: what a consumer takes at once need not be dropped.
            queue.pump()
            self._bound(queue)
        return len(names)

    def subscribe(self, request: Subscribe, consumer: Consumer) -> Queue:
        """The queue, made if need be, with one more binding and consumer. It is not pumped yet."""
        queue = self._queues.get(request.queue)
        if queue is None:
            if len(self._queues) >= self._limits.queues:
                raise Full(f"the bus has {self._limits.queues} queues already")
            queue = self._queues[request.queue] = Queue(request.queue, shared=request.shared)
        self._routes.bind(request.kind, request.exchange, request.key, request.queue)
        self._orphans.pop(queue.name, None)
        queue.subscribe(consumer, request.number)
        return queue

    def settle(self, queue: Queue, body: bytes) -> None:
        """A consumer is done with a message of the queue."""
        queue.settled(body)
        self.held -= len(body)

    def leave(self, consumer: Consumer, queues: Iterable[Queue]) -> None:
        """The consumer of these queues is gone, and its unsettled messages are back in them."""
        for queue in queues:
            queue.unsubscribe(consumer)
            if queue.consumers:
                queue.pump()
            elif queue.shared:
                self._orphans[queue.name] = time.monotonic() + self._limits.grace
            else:
                self._delete(queue)

    def expire(self) -> float | None:
        """Delete the queues that were long enough without a consumer. Seconds until the next."""
        now = time.monotonic()
        while self._orphans:
            name, when = next(iter(self._orphans.items()))
            if when > now:
                return when - now
            del self._orphans[name]
            LOG.debug("queue %s had no consumer for %g s and is gone", name, self._limits.grace)
            self._delete(self._queues[name])
        return None

    def status(self) -> list[QueueStatus]:
        """What each queue holds."""
        return [
            QueueStatus(
                name=queue.name,
                waiting=queue.waiting,
                unacked=queue.unacked,
                bytes=queue.held,
                consumers=queue.consumers,
                dropped=queue.dropped,
            )
            for queue in self._queues.values()
        ]

    def _delete(self, queue: Queue) -> None:
        del self._queues[queue.name]
        self._routes.unbind(queue.name)
        self.held -= queue.held

    def _make_room(self, size: int) -> bool:
        """Drop from the fullest queues until so many bytes fit; whether they do."""
        while self.held + size > self._limits.bytes:
            fullest = max(
                (queue for queue in self._queues.values() if queue.waiting),
                key=lambda queue: queue.held,
                default=None,
            )
            if fullest is None:
                return False
            self._drop(fullest)
        return True

    def _bound(self, queue: Queue) -> None:
        limits = self._limits
        while queue.waiting and (
            queue.waiting + queue.unacked > limits.queue_messages or queue.held > limits.queue_bytes
        ):
            self._drop(queue)

    def _drop(self, queue: Queue) -> None:
        self.held -= queue.drop()
        self._count_drop(queue)

    def _count_drop(self, queue: Queue) -> None:
        self.dropped += 1
        now = time.monotonic()
        if now - self._told >= _QUIET:
            self._told = now
            LOG.warning(
                "no room for queue %s: the oldest messages are dropped (%d of all queues so far)",
                queue.name,
                self.dropped,
            )
