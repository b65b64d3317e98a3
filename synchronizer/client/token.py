# SPDX-License-Identifier: Apache-2.0
"""Where a consumer stands, as a text that it can keep beside what it holds."""

import base64
import binascii
from collections.abc import Callable
from typing import NamedTuple

import msgspec
import xxhash

from synchronizer import errors
from synchronizer.model import StreamKey

#: A token of another form gets another one.
_FORM = "sync1."
_SUM = 8
_WAY_OUT = (
    "take the token that was saved as it was, or begin without one: clear what you hold, and "
    "watch without resume"
)


class Position(NamedTuple):
    """All of the stream up to this revision was told. `digest`: of what lives then, by what
    was told; another one at the server means that the number stands for another state."""

    epoch: str
    revision: int
    digest: int


class Positions:
    """The positions of the streams that were told whole. A stream that is being described is
    not in it: half of a description is worth nothing."""

    def __init__(self, known: dict[StreamKey, Position] | None = None) -> None:
        self._known = known or {}

    def of(self, stream: StreamKey) -> Position | None:
        return self._known.get(stream)

    def put(self, stream: StreamKey, position: Position | None) -> None:
        """None: it is not whole any more."""
        if position is None:
            self._known.pop(stream, None)
        else:
            self._known[stream] = position

    def copy(self) -> "Positions":
        return Positions(dict(self._known))

    def only(self, wanted: Callable[[StreamKey], bool]) -> "Positions":
        """Those of the streams that are wanted."""
        return Positions({key: value for key, value in self._known.items() if wanted(key)})

    def to_token(self) -> str:
        """A text of letters, digits, `.`, `-` and `_`; about 110 characters a stream."""
        rows = [
            (stream.cloud, stream.type, place.epoch, place.revision, place.digest.to_bytes(16))
            for stream, place in sorted(self._known.items(), key=lambda item: str(item[0]))
        ]
        body = msgspec.msgpack.encode(rows)
        return _FORM + _text(xxhash.xxh3_64_digest(body) + body)

    @classmethod
    def from_token(cls, token: str) -> "Positions":
        """`errors.BadRequest` for what `to_token` did not write."""
        if not isinstance(token, str) or not token.startswith("sync"):
            raise errors.BadRequest(f"this is not a resume token; {_WAY_OUT}")
        if not token.startswith(_FORM):
            raise errors.BadRequest(
                f"the resume token is of a form that this version does not know; {_WAY_OUT}"
            )
        text = token.removeprefix(_FORM)
        try:
            packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            body = packed[_SUM:]
            # The last character may have bits that stand for nothing, and have to be 0.
            if _text(packed) != text or xxhash.xxh3_64_digest(body) != packed[:_SUM]:
                raise ValueError
            rows = msgspec.msgpack.decode(body, type=list[tuple[str, str, str, int, bytes]])
        except (ValueError, binascii.Error, msgspec.MsgspecError):
            raise errors.BadRequest(f"the resume token is damaged; {_WAY_OUT}") from None
        return cls(
            {
                StreamKey(cloud, type_): Position(epoch, revision, int.from_bytes(digest))
                for cloud, type_, epoch, revision, digest in rows
            }
        )


def _text(packed: bytes) -> str:
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")
