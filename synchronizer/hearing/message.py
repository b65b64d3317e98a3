# SPDX-License-Identifier: Apache-2.0
"""The form of a notification on the wire, as oslo.messaging's driver `messagingv2` sends it
(in an envelope), and as `messaging` does (without)."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec


class Notification(NamedTuple):
    event_type: str
    payload: Mapping[str, Any]


class _Envelope(msgspec.Struct):
    message: str = msgspec.field(name="oslo.message", default="")


class _Message(msgspec.Struct):
    event_type: str
    payload: dict[str, Any]


_ENVELOPE = msgspec.json.Decoder(_Envelope)
_MESSAGE = msgspec.json.Decoder(_Message)


def decode(body: bytes | str) -> Notification | None:
    """What a message says; None where it is no notification."""
    try:
        message = _MESSAGE.decode(_ENVELOPE.decode(body).message or body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return Notification(message.event_type, message.payload)
