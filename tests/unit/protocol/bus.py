# SPDX-License-Identifier: Apache-2.0
"""A bus that loses, repeats and delays whole messages, and at times takes none."""

import json
from collections import deque
from typing import Any

from synchronizer import errors
from tests.support.schemas import NewForms
from tests.unit.protocol.model import Said

Message = tuple[str, Any]
"""(event type, payload)"""


class Bus:
    """Messages come out in the order in which they went in; copies may come out late."""

    #: Late copies that are kept at most.
    MOST = 8

    def __init__(self, forms: NewForms) -> None:
        self.said = Said()
        self.is_out = False
        self._forms = forms
        self._under_way: deque[str] = deque()
        self._late: deque[str] = deque(maxlen=self.MOST)

    def __len__(self) -> int:
        return len(self._under_way)

    def send(self, topic: str, event_type: str, payload: dict[str, Any], deadline: float) -> None:
        if self.is_out:
            raise errors.BusUnavailable
        text = json.dumps((event_type, payload))
        try:
            self._forms.notification(event_type, json.loads(text)[1])
        except AssertionError as error:
            self.said.conflicts.append(str(error))
        if event_type.endswith(".changes"):
            self.said.take(payload["epoch"], json.loads(text)[1]["changes"])
        self._under_way.append(text)

    def next(self, *, keep: bool = False) -> Message:
        """The next message; with `keep`, a copy of it will come late."""
        text = self._under_way.popleft()
        if keep:
            self._late.append(text)
        return _read(text)

    @property
    def late(self) -> int:
        return len(self._late)

    def late_copy(self, index: int) -> Message:
        """One of the copies; it stays."""
        return _read(self._late[index % len(self._late)])

    def lose_all(self) -> None:
        self._under_way.clear()


def _read(text: str) -> Message:
    event_type, payload = json.loads(text)
    return event_type, payload
