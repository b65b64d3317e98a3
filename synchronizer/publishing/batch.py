# SPDX-License-Identifier: Apache-2.0
"""What is published and marked at once: some contiguous revisions of one stream."""

import dataclasses
from typing import Any

from synchronizer import outgoing
from synchronizer.bus import envelope, topics
from synchronizer.ledger import Changes, StreamState
from synchronizer.model import ChangeSet


@dataclasses.dataclass(frozen=True, slots=True)
class Batch:
    """A change set and the row it was read with; `state.published` + 1 is its first."""

    state: StreamState
    changes: ChangeSet

    @property
    def topic(self) -> str:
        return topics.topic_of(self.changes.cloud, self.changes.type)

    @property
    def event_type(self) -> str:
        return topics.event_type(self.changes.type, "changes")

    def payload(self) -> dict[str, Any]:
        return envelope.change_set_to_wire(self.changes)


def batch_of(read: Changes, max_bytes: int) -> Batch:
    """The first of the versions read, at least one, as far as one message carries them."""
    versions = outgoing.fitting(read.versions, max_bytes)
    return Batch(read.state, outgoing.change_set_of(read.state, versions, max_bytes))
