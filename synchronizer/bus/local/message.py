# SPDX-License-Identifier: Apache-2.0
"""A message as oslo.messaging's AMQP base expects it: a dict that can be settled."""

import json
from collections.abc import Callable
from typing import Any

from oslo_serialization import jsonutils

#: Settles a delivery: whether it is to be delivered again.
Settler = Callable[[bool], None]

_ENVELOPED = "oslo.message"


def encode(message: dict[str, Any]) -> bytes:
    """The body for a message, with or without oslo's envelope (which is JSON inside JSON)."""
    inner = message.get(_ENVELOPED)
    return (inner if isinstance(inner, str) else jsonutils.dumps(message)).encode()


class Message(dict[str, Any]):
    """A delivered message; ValueError when the body is not a JSON object."""

    def __init__(self, body: bytes, settle: Settler) -> None:
        super().__init__(_object(body))
        self._settle = settle

    def acknowledge(self) -> None:
        """It is done with."""
        self._settle(False)

    def requeue(self) -> None:
        """It is to be delivered again."""
        self._settle(True)


def _object(body: bytes) -> dict[str, Any]:
    value = json.loads(body)
    if not isinstance(value, dict):
        raise ValueError(f"not a JSON object but {type(value).__name__}")  # noqa: TRY004
    return value
