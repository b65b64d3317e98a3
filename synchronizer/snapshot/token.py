# SPDX-License-Identifier: Apache-2.0
"""Which listing a caller waits for, as the text with which it comes back to wait on.

It travels as `cursor`, as all that a caller brings back does, and cannot be mistaken for a
page's: its first characters never begin one. Like a page's it is no secret.
"""

import msgspec

from synchronizer import errors
from synchronizer.snapshot.cursor import packed, unpacked

#: No character of a page's cursor is a dot.
PREFIX = "listing."


class Token(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """`number`: the least listing that will do; 0: any that was ever proven. `began_after`:
    an instant; one that began then or later will do as well, whatever its number."""

    cloud: str
    type: str
    epoch: str
    number: int
    began_after: int | None

    def encode(self) -> str:
        return PREFIX + packed(msgspec.json.encode(self))


def is_token(text: str) -> bool:
    return text.startswith(PREFIX)


def decode(text: str) -> Token:
    """The token that `encode` made into this text; `errors.BadCursor` for any other."""
    try:
        token = msgspec.json.decode(unpacked(text.removeprefix(PREFIX)), type=Token)
    except msgspec.MsgspecError:
        raise errors.BadCursor from None
    if token.number < 0:
        raise errors.BadCursor
    return token
