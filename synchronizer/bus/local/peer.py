# SPDX-License-Identifier: Apache-2.0
"""The broker's side of one connection: its input, its bounded output, its deliveries."""

import collections
import socket

from synchronizer.bus.local import protocol
from synchronizer.bus.local.limits import Limits
from synchronizer.bus.local.queues import Queue

_CHUNK = 256 << 10
#: Buffers handed to one sendmsg; the kernel takes at most 1024.
_VECTOR = 64


class Peer:
    """One client. It never closes itself: `broken` says that the broker should."""

    def __init__(
        self, sock: socket.socket, number: int, limits: Limits, dirty: "set[Peer]"
    ) -> None:
        self.socket = sock
        self.number = number
        self.broken: str | None = None
        self.frames = protocol.Frames(protocol.requests, limits.body)
        #: By name, in order of subscription.
        self.queues: dict[str, Queue] = {}
        self.subscriptions = 0
        self._limits = limits
        # Peers with new output, which the broker flushes together.
        self._dirty = dirty
        self._credit = limits.credit
        self._deliveries = 0
        self._unacked: dict[int, tuple[Queue, bytes]] = {}
        self._unacked_bytes = 0
        self._output: collections.deque[memoryview] = collections.deque()
        self._output_bytes = 0

    def __str__(self) -> str:
        return f"peer {self.number}"

    # --- input

    def receive(self) -> bool:
        """Read what there is; False at the end. OSError as the socket raises it."""
        data = self.socket.recv(_CHUNK)
        self.frames.feed(data)
        return bool(data)

    # --- output

    @property
    def clogged(self) -> bool:
        """It does not read what is sent to it, so it is neither served nor listened to."""
        return self._output_bytes > self._limits.output

    @property
    def pending(self) -> bool:
        """Something waits to be sent."""
        return bool(self._output)

    def send(self, answer: protocol.Answer, body: bytes = b"") -> None:
        """Queue a frame; `flush` sends it."""
        for part in (protocol.head(answer, body), body):
            if part:
                self._output.append(memoryview(part))
                self._output_bytes += len(part)
        self._dirty.add(self)

    def flush(self) -> None:
        """Send what the socket takes now."""
        try:
            while self._output:
                vector = [self._output[i] for i in range(min(len(self._output), _VECTOR))]
                sent = self.socket.sendmsg(vector)
                self._output_bytes -= sent
                while sent:
                    part = self._output[0]
                    if sent < len(part):
                        self._output[0] = part[sent:]
                        break
                    sent -= len(part)
                    self._output.popleft()
        except BlockingIOError:
            return
        except OSError as error:
            self.broken = str(error)

    # --- deliveries

    def set_credit(self, credit: int) -> None:
        """How many messages it takes before it settles some; 0 for the default."""
        self._credit = min(max(credit, 0) or self._limits.credit, self._limits.credit_max)

    def ready(self) -> bool:
        """Whether it takes another message now."""
        return (
            len(self._unacked) < self._credit
            and self._unacked_bytes < self._limits.unacked_bytes
            and not self.clogged
            and self.broken is None
        )

    def take(self, queue: Queue, number: int, body: bytes) -> None:
        """Deliver a message."""
        self._deliveries += 1
        self._unacked[self._deliveries] = (queue, body)
        self._unacked_bytes += len(body)
        self.send(protocol.Deliver(number=number, delivery=self._deliveries), body)

    def settle(self, delivery: int) -> tuple[Queue, bytes] | None:
        """The delivery is done with; None when there is no such one."""
        found = self._unacked.pop(delivery, None)
        if found is not None:
            self._unacked_bytes -= len(found[1])
        return found

    def unsettled(self) -> list[tuple[Queue, bytes]]:
        """What it was given and never settled, the latest first; it is forgotten here."""
        left = [self._unacked[delivery] for delivery in sorted(self._unacked, reverse=True)]
        self._unacked.clear()
        self._unacked_bytes = 0
        return left
