# SPDX-License-Identifier: Apache-2.0
"""barrier: sends a bookmark with the caller's nonce, which shows that a subscription is live."""

import threading
import time
from collections.abc import Callable
from typing import Any

from synchronizer import errors, outgoing
from synchronizer.bus import envelope, topics
from synchronizer.ledger import Ledger, StreamState
from synchronizer.snapshot import arguments
from synchronizer.snapshot.directory import Directory

#: (topic, event type, payload, seconds): returns once the bus has it, or raises
#: `errors.BusUnavailable` when the seconds are over.
Send = Callable[[str, str, dict[str, Any], float], None]

LONGEST_NONCE = 128


class Barrier:
    """Answers barrier."""

    def __init__(
        self,
        ledger: Ledger,
        directory: Directory,
        send: Send,
        *,
        bookmark_interval: float,
        deadline: float = 5.0,
        patience: float = 2.0,
        poll: float = 0.01,
    ) -> None:
        self._ledger = ledger
        self._directory = directory
        self._send = send
        self._bookmark_interval = bookmark_interval
        self._deadline = deadline
        self._patience = patience
        self._poll = poll
        self._never = threading.Event()

    def answer(self, type_: Any, cloud: Any, nonce: Any) -> dict[str, Any]:
        """The epoch and revision of the bookmark that was sent."""
        word = arguments.text("nonce", nonce, LONGEST_NONCE)
        state = self._published(self._directory.find(type_, cloud))
        bookmark = outgoing.bookmark_of(state, self._bookmark_interval, word)
        self._send(
            topics.topic_of(bookmark.cloud, bookmark.type),
            topics.event_type(bookmark.type, "bookmark"),
            envelope.bookmark_to_wire(bookmark),
            self._deadline,
        )
        return {"schema": envelope.SCHEMA, "epoch": state.epoch, "revision": state.revision}

    def _published(self, state: StreamState) -> StreamState:
        """One row in which everything is published; a bookmark may say nothing newer."""
        give_up = time.monotonic() + self._patience
        while state.published != state.revision:
            if time.monotonic() >= give_up:
                raise errors.ServiceUnavailable(
                    f"{state.key} has revisions that are not published yet; try again",
                    retry_after=self._patience,
                )
            self._never.wait(self._poll)
            state = self._ledger.state(state.id)
        return state
