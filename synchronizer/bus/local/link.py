# SPDX-License-Identifier: Apache-2.0
"""The client's side of one connection to the broker. Every wait has an end.

Deadlines are instants of `time.monotonic()`. After any OSError the link is of no more
use. A link belongs to one thread at a time; only `wake` may come from another.
"""

import collections
import os
import select
import socket
import time

from synchronizer.bus.local import protocol

_CHUNK = 256 << 10
_BUFFER = 1 << 20
#: What the broker sends at most: bodies as it takes them, and its own status.
_LONGEST = 64 << 20

Delivery = tuple[protocol.Deliver, bytes]


class Refusal(Exception):
    """The broker says no, and why; the link is still good."""


class Waker:
    """Ends another thread's wait, once and for all."""

    def __init__(self) -> None:
        self.descriptor, self._other = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.set = False

    def wake(self) -> None:
        """End all waits, now and later; from any thread."""
        if not self.set:
            self.set = True
            if self._other >= 0:
                os.write(self._other, b"x")

    def wait(self, seconds: float) -> None:
        """Sleep, unless woken."""
        poll = select.poll()
        poll.register(self.descriptor, select.POLLIN)
        poll.poll(max(seconds, 0) * 1000)

    def close(self) -> None:
        """Nobody waits any more."""
        if self._other >= 0:
            os.close(self.descriptor)
            os.close(self._other)
            self.descriptor = self._other = -1


class Link:
    """A greeted connection to the broker at a socket path."""

    def __init__(self, path: str, deadline: float, waker: Waker | None = None) -> None:
        self._frames = protocol.Frames(protocol.answers, _LONGEST)
        self._arrived: collections.deque[Delivery] = collections.deque()
        self._answers: collections.deque[tuple[protocol.Answer, bytes]] = collections.deque()
        self._waker = waker
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # Connecting blocks only while the broker's backlog is full.
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
            self._socket.connect(path)
            self._socket.setblocking(False)
            for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                self._socket.setsockopt(socket.SOL_SOCKET, option, _BUFFER)
            self._poll = select.poll()
            self._poll.register(self._socket, select.POLLIN)
            if waker is not None:
                self._poll.register(waker.descriptor, select.POLLIN)
            hello, _ = self._answer(deadline)
            if not isinstance(hello, protocol.Hello) or hello.version != protocol.VERSION:
                raise ConnectionError("the bus speaks another version of the protocol")
            self.longest = hello.body
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> "Link":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close this process's end; harmless to a link inherited by a fork."""
        self._socket.close()

    def alive(self) -> bool:
        """Whether the broker has not closed the connection. Does not wait."""
        try:
            self._receive(0.0)
        except OSError:
            return False
        return True

    def request(
        self, request: protocol.Request, body: bytes, deadline: float
    ) -> tuple[protocol.Done, bytes]:
        """Send a request, and wait for its answer."""
        self._send(request, body, deadline)
        done, answer = self._answer(deadline)
        if not isinstance(done, protocol.Done):
            raise ConnectionError(f"the bus answers a request with {type(done).__name__}")
        return done, answer

    def tell(self, request: protocol.Settle, deadline: float) -> None:
        """Send a request that has no answer."""
        self._send(request, b"", deadline)

    def delivery(self, deadline: float | None) -> Delivery | None:
        """The next message; None when none came in time, or the wait was ended."""
        while not self._arrived:
            left = None if deadline is None else deadline - time.monotonic()
            if not self._receive(left) and (
                (left is not None and left <= 0) or (self._waker is not None and self._waker.set)
            ):
                return None
        return self._arrived.popleft()

    # --- inside

    def _answer(self, deadline: float) -> tuple[protocol.Answer, bytes]:
        while not self._answers:
            left = deadline - time.monotonic()
            if not self._receive(left):
                if self._waker is not None and self._waker.set:
                    raise ConnectionAbortedError("no longer wanted")
                if left <= 0:
                    raise TimeoutError("the bus does not answer")
        answer, body = self._answers.popleft()
        if isinstance(answer, protocol.Refused):
            raise Refusal(answer.why)
        return answer, body

    def _send(self, request: protocol.Request, body: bytes, deadline: float) -> None:
        rest = memoryview(protocol.head(request, body))
        bodies = memoryview(body)
        while rest or bodies:
            try:
                sent = self._socket.sendmsg([rest, bodies])
            except BlockingIOError:
                # The broker does not listen to those that do not read: read meanwhile.
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError("the bus does not take the message") from None
                self._receive(left, writing=True)
                continue
            taken = min(sent, len(rest))
            rest, bodies = rest[taken:], bodies[sent - taken :]

    def _receive(self, seconds: float | None, *, writing: bool = False) -> bool:
        """Wait for input (or, when writing, room for output) and sort it; whether any came.

        The waker ends a wait for input only: what is half sent has to be finished.
        """
        poll = self._poll
        if writing:
            poll = select.poll()
            poll.register(self._socket, select.POLLIN | select.POLLOUT)
        ready = dict(poll.poll(None if seconds is None else max(seconds, 0) * 1000))
        if not ready.get(self._socket.fileno(), 0) & ~select.POLLOUT:
            return False
        try:
            data = self._socket.recv(_CHUNK)
        except BlockingIOError:
            return False
        if not data:
            raise ConnectionError("the bus closed the connection")
        self._sort(data)
        return True

    def _sort(self, data: bytes) -> None:
        self._frames.feed(data)
        try:
            while (frame := self._frames.next()) is not None:
                header, body = frame
                if isinstance(header, protocol.Deliver):
                    self._arrived.append((header, body))
                else:
                    self._answers.append((header, body))
        except protocol.BadFrame as error:
            raise ConnectionError(f"the bus sends nonsense: {error}") from error
