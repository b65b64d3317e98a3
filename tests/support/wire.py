# SPDX-License-Identifier: Apache-2.0
"""What is on the bus, as stock oslo.messaging hands it out: nothing of our client is in between."""

import json
import threading
import uuid
from collections.abc import Callable
from typing import Any

import oslo_messaging
from oslo_messaging._drivers import common
from oslo_messaging.notify import dispatcher, listener

from synchronizer.bus import topics, transport
from synchronizer.model import StreamKey
from tests.support.schemas import check, check_answer, check_error, request_of

PATIENCE = 60.0

Message = dict[str, Any]


class Overheard(dispatcher.NotificationDispatcher):
    """Keeps every notification as the driver gives it."""

    def __init__(self) -> None:
        super().__init__([self], None)
        self.messages: list[Message] = []
        self._came = threading.Condition()

    def dispatch(self, incoming: Any) -> Any:
        with self._came:
            self.messages.append(incoming.message)
            self._came.notify_all()
        return dispatcher.NotificationResult.HANDLED

    def info(self, *message: Any) -> None:
        """Its name is what makes the listener take notifications of priority info."""

    def wait(self, what: str, told: Callable[[Message], bool]) -> None:
        """Until a message was heard, now or before, of which this is true."""
        assert self.heard(told, PATIENCE), f"{what} never came"

    def heard(self, told: Callable[[Message], bool], patience: float) -> bool:
        """Whether one was, or is within so many seconds."""
        with self._came:
            return self._came.wait_for(lambda: any(map(told, self.messages)), patience)


class Listening:
    """A stock listener on some streams' topics."""

    def __init__(self, url: str, *streams: StreamKey) -> None:
        self.overheard = Overheard()
        self._transport = transport.notification_transport(url)
        targets = [
            oslo_messaging.Target(topic=topics.topic_of(key.cloud, key.type)) for key in streams
        ]
        # What another test's listener left in its queue is not this one's.
        pool = f"overheard-{uuid.uuid4()}"
        self._server = listener.NotificationServer(
            self._transport, targets, self.overheard, executor="threading", pool=pool
        )
        self._server.start()

    def close(self) -> None:
        self._server.stop()
        self._server.wait()
        self._transport.cleanup()


class Calling:
    """A stock RPC client. `failures`: the texts that crossed the bus instead of results."""

    def __init__(self, url: str, topic: str = topics.RPC_TOPIC) -> None:
        self.failures: list[str] = []
        self._transport = transport.rpc_transport(url)
        self._client = oslo_messaging.get_rpc_client(
            self._transport,
            oslo_messaging.Target(topic=topic, version=topics.RPC_VERSION),
            timeout=PATIENCE,
        )
        self._deserialize = common.deserialize_remote_exception
        common.deserialize_remote_exception = self._keep

    def answer(self, method: str, **arguments: Any) -> Any:
        """The result of a call, which, as its arguments, is as described."""
        check(request_of(method), arguments)
        result = self._client.call({}, method, **arguments)
        check_answer(method, result)
        return result

    def failure(self, method: str, *, version: str | None = None, **arguments: Any) -> Any:
        """What crossed the bus for a call that must fail; it is as described."""
        before = len(self.failures)
        client = self._client if version is None else self._client.prepare(version=version)
        try:
            answer = client.call({}, method, **arguments)
        except Exception:
            (text,) = self.failures[before:]
        else:
            raise AssertionError(f"{method} answered {answer!r:.200}")
        failure = json.loads(text)
        check_error(failure)
        return failure

    def close(self) -> None:
        common.deserialize_remote_exception = self._deserialize
        self._transport.cleanup()

    def _keep(self, text: str, *allowed: Any) -> BaseException:
        self.failures.append(text)
        error: BaseException = self._deserialize(text, *allowed)
        return error
