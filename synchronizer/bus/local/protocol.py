# SPDX-License-Identifier: Apache-2.0
"""What goes over the local bus's socket: frames of a JSON header and a body of bytes.

A frame is `!HHI` (mark, length of header, length of body), the header, the body. The
broker greets with `Hello`; then a client sends requests one at a time (`Publish`,
`Subscribe`, `Status`), each answered in order by `Done` or `Refused`, and `Settle`,
which is not answered. `Deliver` comes whenever there is something to deliver.
"""

import struct
from typing import Generic, Literal, TypeVar

import msgspec

VERSION = 1
#: The first bytes of every frame: tells garbage, and another protocol, at once.
_MARK = 0x5301
_LEAD = struct.Struct("!HHI")

Kind = Literal["topic", "fanout", "direct"]
Header = TypeVar("Header")


class BadFrame(Exception):
    """The other side does not speak this protocol."""


class Hello(msgspec.Struct, tag="hello", tag_field="op"):
    """The broker's greeting: its protocol version, and the largest body that it takes."""

    version: int
    body: int


class Publish(msgspec.Struct, tag="publish", tag_field="op"):
    """Put the body into every queue bound so; `Done.count` says into how many."""

    kind: Kind
    exchange: str
    key: str


class Subscribe(msgspec.Struct, tag="subscribe", tag_field="op"):
    """Make the queue if need be, bind it and consume from it.

    `number` is the client's own, and comes with every delivery. `credit`: how many
    messages the peer takes before it acknowledges, 0 for the broker's default.
    A `shared` queue outlives its last consumer for a while, another does not.
    """

    number: int
    kind: Kind
    exchange: str
    key: str
    queue: str
    shared: bool
    credit: int = 0


class Settle(msgspec.Struct, tag="settle", tag_field="op"):
    """The delivery is done with, or is to be delivered again."""

    delivery: int
    again: bool = False


class Status(msgspec.Struct, tag="status", tag_field="op"):
    """What do you hold? `Done` comes with a `status.BrokerStatus` as JSON."""


class Done(msgspec.Struct, tag="done", tag_field="op"):
    """The last request was carried out."""

    count: int = 0


class Refused(msgspec.Struct, tag="refused", tag_field="op"):
    """The last request was not carried out, or (unasked) the connection is refused."""

    why: str


class Deliver(msgspec.Struct, tag="deliver", tag_field="op"):
    """A message for a subscription; to be settled by its delivery number."""

    number: int
    delivery: int


Request = Publish | Subscribe | Settle | Status
Answer = Hello | Done | Refused | Deliver

_encode = msgspec.json.Encoder().encode
requests: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
answers: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Answer)


def head(header: Request | Answer, body: bytes = b"") -> bytes:
    """A frame's bytes up to its body, which follows."""
    text = _encode(header)
    if len(text) > 0xFFFF:
        raise BadFrame(f"a header of {len(text)} bytes; at most {0xFFFF} are possible")
    return _LEAD.pack(_MARK, len(text), len(body)) + text


class Frames(Generic[Header]):
    """Cuts a stream of bytes into frames, and takes none that is too long."""

    def __init__(self, decoder: msgspec.json.Decoder[Header], longest: int) -> None:
        self._decoder = decoder
        self._longest = longest
        self._buffer = bytearray()
        self._at = 0

    def feed(self, data: bytes) -> None:
        """Add what was received."""
        self._buffer += data

    def next(self) -> tuple[Header, bytes] | None:
        """The next whole frame, or None; `BadFrame` when there can be none."""
        buffer, at = self._buffer, self._at
        if len(buffer) - at < _LEAD.size:
            self._wait()
            return None
        mark, header_size, body_size = _LEAD.unpack_from(buffer, at)
        if mark != _MARK:
            raise BadFrame("not a frame of this protocol")
        if body_size > self._longest:
            raise BadFrame(f"a body of {body_size} bytes; at most {self._longest} are allowed")
        middle = at + _LEAD.size + header_size
        end = middle + body_size
        if len(buffer) < end:
            self._wait()
            return None
        with memoryview(buffer) as view:
            text, body = bytes(view[at + _LEAD.size : middle]), bytes(view[middle:end])
        self._at = end
        try:
            return self._decoder.decode(text), body
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise BadFrame(f"a header that is none: {error}") from None

    def _wait(self) -> None:
        if self._at:
            del self._buffer[: self._at]
            self._at = 0
