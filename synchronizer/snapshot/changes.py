# SPDX-License-Identifier: Apache-2.0
"""changes: what came after a revision that the caller holds."""

import threading
from typing import Any

from synchronizer import errors, outgoing
from synchronizer.bus import envelope
from synchronizer.ledger import Ledger, StreamState
from synchronizer.snapshot import arguments
from synchronizer.snapshot.directory import Directory
from synchronizer.snapshot.freshness import wire_instant

MOST_CHANGES = 5000

#: The highest revision that every JSON reader keeps exact.
MOST_REVISION = 1 << 53
#: No ledger loses more revisions than this; who asks from further above is mistaken, and
#: must not be able to use up the numbers.
MOST_LOST = 1 << 32


class ChangesSince:
    """Answers changes, and notices when a caller has seen more than the ledger knows."""

    def __init__(
        self, ledger: Ledger, directory: Directory, *, page_size: int, max_bytes: int
    ) -> None:
        self._ledger = ledger
        self._directory = directory
        self._page_size = page_size
        self._max_bytes = max_bytes
        self._losing = threading.Lock()

    def answer(self, type_: Any, cloud: Any, epoch: Any, since: Any, limit: Any) -> dict[str, Any]:
        """A change set from `since` + 1, with no change in it when the caller has them all."""
        known = arguments.optional_text("epoch", epoch)
        after = arguments.integer("since", since, 0, MOST_REVISION)
        most = arguments.optional_integer("limit", limit, 1, MOST_CHANGES) or self._page_size
        state = self._directory.find(type_, cloud)
        _same_epoch(state, known)
        if after > state.revision:
            if known is None:
                # A number alone proves nothing: it may be of any epoch.
                raise errors.EpochChanged(
                    f"{state.key} stands at revision {state.revision}; get all again",
                    epoch=state.epoch,
                )
            self._begin_anew(state, after)
        read = self._ledger.changes(state.id, after, limit=most, max_bytes=self._max_bytes)
        _same_epoch(read.state, state.epoch)
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

    def _begin_anew(self, state: StreamState, since: int) -> None:
        """The caller holds a revision that the ledger never recorded, or has lost."""
        if since > state.revision + MOST_LOST:
            raise errors.BadRequest(f"since is far above the stream's revision {state.revision}")
        # One new epoch is enough for all who ask at once.
        with self._losing:
            now = self._ledger.state(state.id)
            if now.epoch == state.epoch and since > now.revision:
                reason = f"a consumer holds revision {since}, the ledger only {now.revision}"
                now = self._ledger.new_epoch(state.id, reason, above=since)
        _same_epoch(now, state.epoch)


def _same_epoch(state: StreamState, known: str | None) -> None:
    if known is not None and known != state.epoch:
        raise errors.EpochChanged(
            f"{state.key} is in epoch {state.epoch}; get all again", epoch=state.epoch
        )


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
