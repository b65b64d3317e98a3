# SPDX-License-Identifier: Apache-2.0
"""One connection to a services' bus, with a queue of its own there."""

import contextlib
import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from oslo_log import log as logging
from oslo_messaging import transport as oslo_transport
from oslo_messaging._drivers import common

from synchronizer.bus import contact
from synchronizer.bus.transport import errors_of, notification_transport
from synchronizer.hearing.message import Notification, decode

LOG = logging.getLogger(__name__)

#: What the names of our queues begin with, for the broker's permissions.
QUEUES = "synchronizer.hears."

#: What `rabbitmqctl set_permissions` has to be told: configure, write, read.
PERMISSIONS = f"'^{re.escape(QUEUES)}' '^{re.escape(QUEUES)}' '.*'"

#: Bounds of a queue; beyond them the broker drops the oldest messages.
MOST_MESSAGES = 10_000
MOST_BYTES = 64 << 20

#: The priorities that services tell of changes with.
PRIORITIES = ("info", "error")


class Channel(NamedTuple):
    """Where a service sends notifications, of any priority."""

    exchange: str
    topic: str


@contextlib.contextmanager
def listening(
    url: str, name: str, on_message: Callable[[Notification], None] = lambda _: None
) -> Iterator["Queue"]:
    """A queue there, for as long as the body takes.

    What goes wrong with the bus, in the body too, becomes `errors.BusUnavailable`, and a URL
    that cannot be used `errors.BadConfiguration`.
    """
    transport = notification_transport(url)
    try:
        queue = Queue(transport, name.replace("/", "."), on_message)
        try:
            yield queue
        finally:
            queue.close()
    except errors_of(transport) as error:
        raise contact.unavailable(transport, error, PERMISSIONS) from None
    finally:
        transport.cleanup()


class Queue:
    """A queue that only this connection uses, and that the broker removes when it ends.

    Made at once or not at all: what the driver raises passes through, from each method. Used
    by one thread.
    """

    def __init__(
        self,
        transport: oslo_transport.NotificationTransport,
        name: str,
        on_message: Callable[[Notification], None],
    ) -> None:
        self.name = f"{QUEUES}{name}.{uuid.uuid4()}"
        self._on_message = on_message
        self._bound: set[Channel] = set()
        self._ignored = 0
        # Without retries of its own: whoever uses this tries again.
        self._connection: Any = transport._driver._connection_pool.create(
            common.PURPOSE_LISTEN, retry=0
        )
        try:
            self._declare()
        except BaseException:
            self.close()
            raise

    def bind(self, channels: Iterable[Channel]) -> set[str]:
        """Has the queue get what is sent there; the exchanges that do not exist.

        An exchange is not made here: with other properties than its service wants, that
        service could send nothing any longer.
        """
        # Only here, so that the local bus does without it.
        from amqp.exceptions import NotFound

        missing: set[str] = set()
        for channel in channels:
            if channel in self._bound or channel.exchange in missing:
                continue
            # A refusal closes the channel that it is made on.
            with self._connection.connection.channel() as attempt:
                try:
                    for priority in PRIORITIES:
                        attempt.queue_bind(
                            self.name, channel.exchange, f"{channel.topic}.{priority}"
                        )
                except NotFound:
                    missing.add(channel.exchange)
                else:
                    self._bound.add(channel)
        return missing

    def drain(self, seconds: float) -> None:
        """Hands on what comes, for about that long at most."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                self._connection.connection.drain_events(timeout=left)
            except TimeoutError:
                break
        self._connection.connection.heartbeat_check(rate=self._connection.heartbeat_rate)

    def close(self) -> None:
        """Ends the connection, and with it the queue."""
        self._connection.close()

    def _declare(self) -> None:
        channel = self._connection.channel
        channel.queue_declare(
            self.name,
            durable=False,
            exclusive=True,
            auto_delete=True,
            arguments={"x-max-length": MOST_MESSAGES, "x-max-length-bytes": MOST_BYTES},
        )
        channel.basic_consume(self.name, callback=self._received)

    def _received(self, raw: Any) -> None:
        # Which also unpacks what was compressed.
        message = self._connection.channel.message_to_python(raw)
        message.ack()
        notification = None if message.errors else decode(message.body)
        if notification is None:
            self._ignored += 1
            if self._ignored == 1:
                LOG.warning("%s: a message that is no notification is ignored", self.name)
        else:
            self._on_message(notification)
