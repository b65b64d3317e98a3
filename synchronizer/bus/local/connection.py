# SPDX-License-Identifier: Apache-2.0
"""What oslo.messaging's AMQP base asks of a connection, over a link to the local broker.

A connection connects when it is first used and again when the link is lost, then with
all its subscriptions. oslo.messaging uses it from one thread at a time, except for
`stop_consuming`.
"""

import dataclasses
import random
import time
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

import oslo_messaging
from oslo_log import log as logging
from oslo_messaging._drivers import common

from synchronizer.bus.local import link, message, protocol

LOG = logging.getLogger(__name__)

Callback = Callable[[message.Message], None]
Result = TypeVar("Result")

#: Seconds between attempts to reach the broker: at first, and at most.
_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 1.0
#: Seconds for which a reply is tried while the broker is away.
_REPLY_PATIENCE = 10.0


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """`answer_timeout`: seconds after which a broker that is there but silent counts as away.
    `prefetch`: messages taken before some are acknowledged."""

    path: str
    prefetch: int = 100
    answer_timeout: float = 10.0


class Connection:
    """One connection; `retry` as oslo.messaging has it (None or -1: for ever, 0: not at all)."""

    def __init__(self, settings: Settings) -> None:
        #: Set by oslo.messaging's connection context.
        self.pooled = False
        self._settings = settings
        self._link: link.Link | None = None
        self._waker = link.Waker()
        self._subscriptions: list[tuple[protocol.Subscribe, Callback]] = []
        self._failures = 0
        self._next_attempt = 0.0

    # --- life

    def close(self) -> None:
        """Give the connection up; what it did not acknowledge is delivered to others.

        Also in a forked child, to let go of what belongs to the parent; and more than once.
        """
        self._disconnect()
        self._waker.close()

    def reset(self) -> None:
        """Called between two uses of a pooled connection; there is nothing to undo."""

    def _disconnect(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None

    def _connect(self, deadline: float) -> link.Link:
        """The link, made anew with all subscriptions if need be."""
        if self._link is None:
            fresh = link.Link(self._settings.path, deadline, self._waker)
            try:
                for subscription, _ in self._subscriptions:
                    fresh.request(subscription, b"", deadline)
            except BaseException:
                fresh.close()
                raise
            self._link = fresh
            if self._failures:
                LOG.info("local bus %s is back", self._settings.path)
            self._failures = 0
        return self._link

    def _failed(self, error: Exception) -> None:
        self._disconnect()
        pause = min(_FIRST_PAUSE * 2 ** min(self._failures, 10), _LONGEST_PAUSE)
        self._next_attempt = time.monotonic() + pause * random.uniform(0.5, 1)  # noqa: S311
        if self._failures == 0:
            LOG.warning("local bus %s is away: %s", self._settings.path, error)
        self._failures += 1

    # --- consuming

    def declare_direct_consumer(self, topic: str, callback: Callback) -> None:
        """Consume from the queue of this name, which goes with the connection."""
        self._subscribe("direct", "", topic, topic, callback, shared=False)

    def declare_topic_consumer(
        self,
        exchange_name: str,
        topic: str,
        callback: Callback,
        queue_name: str | None = None,
    ) -> None:
        """Consume what is sent to the topic, sharing the queue with others of its name."""
        self._subscribe("topic", exchange_name, topic, queue_name or topic, callback, shared=True)

    def declare_fanout_consumer(self, topic: str, callback: Callback) -> None:
        """Consume what is sent to all, from a queue that goes with the connection."""
        queue = f"{topic}_fanout_{uuid.uuid4().hex}"
        self._subscribe("fanout", topic, topic, queue, callback, shared=False)

    def _subscribe(
        self,
        kind: protocol.Kind,
        exchange: str,
        key: str,
        queue: str,
        callback: Callback,
        *,
        shared: bool,
    ) -> None:
        """Subscribe now, or as soon as the broker is there: never wait for it."""
        subscription = protocol.Subscribe(
            number=len(self._subscriptions),
            kind=kind,
            exchange=exchange,
            key=key,
            queue=queue,
            shared=shared,
            credit=self._settings.prefetch,
        )
        deadline = time.monotonic() + self._settings.answer_timeout
        try:
            self._connect(deadline).request(subscription, b"", deadline)
        except OSError as error:
            self._failed(error)
        except link.Refusal as refusal:
            raise oslo_messaging.MessageDeliveryFailure(
                f"local bus {self._settings.path} refuses to subscribe to {key}: {refusal}"
            ) from refusal
        self._subscriptions.append((subscription, callback))

    def consume(self, timeout: float | None = None) -> None:
        """Hand one message to its callback. `common.Timeout` when none comes in time."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._waker.set:
            try:
                delivery = self._await(deadline)
            except (OSError, link.Refusal) as error:
                self._failed(error)
                continue
            if delivery is not None:
                self._hand_over(*delivery)
                return
            if deadline is not None and time.monotonic() >= deadline:
                raise common.Timeout

    def stop_consuming(self) -> None:
        """`consume` returns at once, from now on; from any thread."""
        self._waker.wake()

    def _await(self, deadline: float | None) -> link.Delivery | None:
        now = time.monotonic()
        if self._link is None and self._next_attempt > now:
            until = self._next_attempt if deadline is None else min(self._next_attempt, deadline)
            self._waker.wait(until - now)
            return None
        return self._connect(now + self._settings.answer_timeout).delivery(deadline)

    def _hand_over(self, deliver: protocol.Deliver, body: bytes) -> None:
        origin = self._link

        def settle(again: bool) -> None:
            # A delivery of a lost link is delivered again anyway.
            if self._link is not origin or origin is None:
                return
            request = protocol.Settle(delivery=deliver.delivery, again=again)
            try:
                origin.tell(request, time.monotonic() + self._settings.answer_timeout)
            except OSError as error:
                self._failed(error)

        _, callback = self._subscriptions[deliver.number]
        try:
            received = message.Message(body, settle)
        except ValueError as error:
            LOG.error("local bus %s: a message is dropped: %s", self._settings.path, error)
            settle(False)
            return
        callback(received)

    # --- sending

    def direct_send(self, msg_id: str, msg: dict[str, Any]) -> None:
        """Send a reply; MessageUndeliverable when its queue is gone."""
        if not self._publish("direct", "", msg_id, msg, None, _REPLY_PATIENCE):
            raise oslo_messaging.MessageUndeliverable("no such queue", "", msg_id, None)

    def topic_send(
        self,
        exchange_name: str,
        topic: str,
        msg: dict[str, Any],
        timeout: float | None = None,
        retry: int | None = None,
        transport_options: oslo_messaging.TransportOptions | None = None,
    ) -> None:
        """Send to one of the topic's consumers (one of each pool)."""
        count = self._publish("topic", exchange_name, topic, msg, retry, timeout)
        if not count and transport_options is not None and transport_options.at_least_once:
            raise oslo_messaging.MessageUndeliverable("nobody listens", exchange_name, topic, None)

    def fanout_send(self, topic: str, msg: dict[str, Any], retry: int | None = None) -> None:
        """Send to all of the topic's servers."""
        self._publish("fanout", topic, topic, msg, retry, None)

    def notify_send(
        self,
        exchange_name: str,
        topic: str,
        msg: dict[str, Any],
        retry: int | None = None,
        **_: Any,
    ) -> None:
        """Send a notification: as `topic_send`, for nothing is kept for nobody."""
        self._publish("topic", exchange_name, topic, msg, retry, None)

    def _publish(
        self,
        kind: protocol.Kind,
        exchange: str,
        key: str,
        msg: dict[str, Any],
        retry: int | None,
        timeout: float | None,
    ) -> int:
        body = message.encode(msg)
        request = protocol.Publish(kind=kind, exchange=exchange, key=key)
        return self._retrying(lambda deadline: self._send(request, body, deadline), retry, timeout)

    def _send(self, request: protocol.Publish, body: bytes, deadline: float) -> int:
        # A link that the broker closed since it was last used is no failure yet.
        if self._link is not None and not self._link.alive():
            self._disconnect()
        broker = self._connect(deadline)
        if len(body) > broker.longest:
            raise link.Refusal(f"a message of {len(body)} bytes; it takes {broker.longest}")
        done, _ = broker.request(request, body, deadline)
        return done.count

    def _retrying(
        self, attempt: Callable[[float], Result], retry: int | None, timeout: float | None
    ) -> Result:
        """The attempt's result; it is given a deadline, and made again while it fails."""
        end = None if timeout is None else time.monotonic() + timeout
        left = None if retry is None or retry < 0 else retry
        while True:
            deadline = time.monotonic() + self._settings.answer_timeout
            try:
                return attempt(deadline if end is None else min(deadline, end))
            except link.Refusal as refusal:
                raise oslo_messaging.MessageDeliveryFailure(
                    f"local bus {self._settings.path} refuses the message: {refusal}"
                ) from refusal
            except OSError as error:
                self._failed(error)
                why = f"local bus {self._settings.path} is away: {error}"
                if left == 0:
                    raise oslo_messaging.MessageDeliveryFailure(why) from error
                if end is not None and self._next_attempt >= end:
                    raise oslo_messaging.MessagingTimeout(why) from error
            left = None if left is None else left - 1
            self._waker.wait(self._next_attempt - time.monotonic())
