# SPDX-License-Identifier: Apache-2.0
"""Where a walk over a snapshot's pages stands, as the text that the caller carries.

It names everything the next page needs, so that any server process can serve it: the
stream, the revision that all pages show with its count, digest and freshness, and the
question that was asked. It is no secret and grants nothing; its checksum only tells a
cursor that was cut or made up from one that get_all gave.
"""

import base64
import binascii

import msgspec
import xxhash

from synchronizer import errors

#: Changes with the form below.
_FORM = 1

#: Above every revision and count.
_MOST = 1 << 62


class Cursor(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """`at`: the snapshot's revision; `after`: the last revision looked at. The rest is the
    stream's row at `at`. `question`: a hash of fields and where."""

    cloud: str
    type: str
    epoch: str
    at: int
    after: int
    count: int
    digest: str
    listed_at: int | None
    question: int
    form: int = _FORM

    def encode(self) -> str:
        return packed(msgspec.json.encode(self))


def packed(body: bytes) -> str:
    """A text of letters, digits, `-`, `_` and `=` that only `unpacked` need understand."""
    return base64.urlsafe_b64encode(xxhash.xxh3_64_digest(body) + body).decode()


def unpacked(text: str) -> bytes:
    """What was packed into the text; `errors.BadCursor` if nothing was."""
    try:
        raw = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise errors.BadCursor from None
    body = raw[8:]
    if packed(body) != text:  # also where the last character has bits that stand for nothing
        raise errors.BadCursor
    return body


def decode(text: str) -> Cursor:
    """The cursor that `encode` made into this text; `errors.BadCursor` for any other."""
    try:
        cursor = msgspec.json.decode(unpacked(text), type=Cursor)
    except msgspec.MsgspecError:
        raise errors.BadCursor from None
    if not (0 <= cursor.after < _MOST and 0 <= cursor.at < _MOST and 0 <= cursor.count < _MOST):
        raise errors.BadCursor
    if cursor.form != _FORM:
        raise errors.BadCursor("the cursor is of another version of the server; get all again")
    return cursor
