# SPDX-License-Identifier: Apache-2.0
"""changes: what came after a revision that the caller holds."""

from typing import Any

from synchronizer import outgoing
from synchronizer.bus import envelope
from synchronizer.ledger import Ledger, StreamState
from synchronizer.snapshot import arguments
from synchronizer.snapshot.directory import Directory
from synchronizer.snapshot.freshness import wire_instant
from synchronizer.snapshot.numbering import MOST_REVISION, Numbering, same_epoch

MOST_CHANGES = 5000


class ChangesSince:
    """Answers changes."""

    def __init__(
        self,
        ledger: Ledger,
        directory: Directory,
        numbering: Numbering,
        *,
        page_size: int,
        max_bytes: int,
    ) -> None:
        self._ledger = ledger
        self._directory = directory
        self._numbering = numbering
        self._page_size = page_size
        self._max_bytes = max_bytes

    def answer(self, type_: Any, cloud: Any, epoch: Any, since: Any, limit: Any) -> dict[str, Any]:
        """A change set from `since` + 1, with no change in it when the caller has them all."""
        known = arguments.optional_text("epoch", epoch)
        after = arguments.integer("since", since, 0, MOST_REVISION)
        most = arguments.optional_integer("limit", limit, 1, MOST_CHANGES) or self._page_size
        state = self._directory.find(type_, cloud)
        self._numbering.agree(state, known, after)
        read = self._ledger.changes(state.id, after, limit=most, max_bytes=self._max_bytes)
        same_epoch(read.state, state.epoch)
        versions = outgoing.fitting(read.versions, self._max_bytes)
        if versions:
            change_set = outgoing.change_set_of(read.state, versions, self._max_bytes)
            wire = envelope.change_set_to_wire(change_set)
        else:
            wire = _nothing(read.state, after)
        return {
            **wire,
            "revision": read.state.revision,
            "listed_at": wire_instant(read.state.listed_at),
            "held": self._ledger.held_count(state.id),
        }


def _nothing(state: StreamState, since: int) -> dict[str, Any]:
    return {
        "schema": envelope.SCHEMA,
        "cloud": state.key.cloud,
        "type": state.key.type,
        "epoch": state.epoch,
        "first": since + 1,
        "last": since,
        "count": state.count,
        "digest": envelope.digest_to_wire(state.digest),
        "changes": [],
    }
