# SPDX-License-Identifier: Apache-2.0
"""What sends notifications as a service does, and who listens beside us as others do."""

import threading
import uuid
from collections.abc import Callable
from typing import Any

import oslo_messaging
from oslo_messaging.notify import listener

from synchronizer.bus.transport import notification_transport

PATIENCE = 60.0
TOPIC = "notifications"


class Inbox:
    """Numbers that came, and a wait for them."""

    def __init__(self) -> None:
        self._came = threading.Condition()
        self.numbers: set[int] = set()
        self.events: list[str] = []

    def put(self, event_type: str, payload: Any) -> None:
        with self._came:
            self.events.append(event_type)
            self.numbers.add(payload["number"])
            self._came.notify_all()

    def wait(self, numbers: range) -> None:
        wanted = set(numbers)
        with self._came:
            came = self._came.wait_for(lambda: wanted <= self.numbers, PATIENCE)
        assert came, f"{len(wanted - self.numbers)} of {len(wanted)} never came"


class States:
    """What a listener said of itself."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.all: list[str | None] = []

    def put(self, state: str | None) -> None:
        with self._changed:
            self.all.append(state)
            self._changed.notify_all()

    def wait(self, what: Callable[[list[str | None]], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: what(self.all), PATIENCE), self.all

    def wait_for(self, text: str | None, since: int = 0) -> None:
        """Until it says that it listens (None), or something with this text in it."""
        self.wait(
            lambda said: any(
                state is None if text is None else text in (state or "") for state in said[since:]
            )
        )


class Service:
    """A stock notifier, as a service of OpenStack uses it, with the service's exchange.

    `options`: of the RabbitMQ driver.
    """

    def __init__(
        self, url: str, exchange: str, driver: str = "messagingv2", **options: str
    ) -> None:
        self.transport = notification_transport(url, options)
        self.transport._driver._default_exchange = exchange
        self._notifier = oslo_messaging.Notifier(
            self.transport, f"{exchange}.host", driver=driver, topics=[TOPIC], retry=-1
        )

    def send(self, numbers: range, event_type: str = "thing.update", **payload: Any) -> None:
        for number in numbers:
            self._notifier.info({}, event_type, {"number": number, **payload})

    def fail(self, number: int) -> None:
        self._notifier.error({}, "thing.create.error", {"number": number})

    def close(self) -> None:
        self.transport.cleanup()


class Other:
    """Somebody who listens beside us, by stock means; with a pool or in the default queue."""

    def __init__(self, service: Service, exchange: str, *, pooled: bool) -> None:
        self.inbox = Inbox()
        self._server = listener.get_notification_listener(
            service.transport,
            [oslo_messaging.Target(exchange=exchange, topic=TOPIC)],
            [self],
            executor="threading",
            pool=f"other-{uuid.uuid4()}" if pooled else None,
        )
        self._server.start()

    def info(self, ctxt: Any, publisher: str, event_type: str, payload: Any, metadata: Any) -> None:
        self.inbox.put(event_type, payload)

    def close(self) -> None:
        self._server.stop()
        self._server.wait()
