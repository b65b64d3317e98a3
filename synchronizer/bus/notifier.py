# SPDX-License-Identifier: Apache-2.0
"""Sends notifications so that nothing is lost silently, and nothing blocks for long.

The messages are those of oslo.messaging's own `messagingv2` notifier, and every stock
listener understands them. They are sent as it sends casts: that notifier declares a
durable queue per topic which nobody may ever read, and hides failures in a log line.
"""

import datetime
import uuid
from collections.abc import Callable
from typing import Any

import oslo_messaging
from oslo_messaging import transport as oslo_transport

from synchronizer import errors
from synchronizer.bus import contact, topics
from synchronizer.bus.deadline import Caller
from synchronizer.bus.transport import errors_of, url_of

#: Sends that may hang in the driver at once, before new ones wait for their end.
_HANGING = 3


class Notifier:
    """Sends notifications in the name of a publisher. Threads may share it."""

    def __init__(self, transport: oslo_transport.NotificationTransport, publisher_id: str) -> None:
        self._transport = transport
        self._publisher_id = publisher_id
        self._errors = errors_of(transport)
        self._caller = Caller("notifier", _HANGING)

    def send(self, topic: str, event_type: str, payload: dict[str, Any], deadline: float) -> None:
        """Give a notification to the bus, within `deadline` seconds from now.

        `errors.BusUnavailable` when it did not take it in time (`errors.BusRefused` when it
        does not let us in). It may have got it, and may get it later, all the same: whoever
        sends again sends twice.
        """
        message = {
            "message_id": str(uuid.uuid4()),
            "publisher_id": self._publisher_id,
            "event_type": event_type,
            "priority": topics.PRIORITY.upper(),
            "payload": payload,
            "timestamp": str(datetime.datetime.now(datetime.UTC).replace(tzinfo=None)),
        }
        target = oslo_messaging.Target(topic=f"{topic}.{topics.PRIORITY}")
        self._run(lambda: self._transport._send(target, {}, message, retry=0), deadline)

    def reach(self, deadline: float) -> None:
        """Connect, if nothing is connected yet; sends nothing. Errors as of `send`."""
        self._run(lambda: contact.reach(self._transport), deadline)

    def _run(self, work: Callable[[], object], deadline: float) -> None:
        try:
            self._caller.run(work, deadline)
        except TimeoutError as error:
            raise errors.BusUnavailable(
                f"the bus {url_of(self._transport)} took nothing: {error}"
            ) from error
        except self._errors as error:
            raise contact.unavailable(self._transport, error) from error
