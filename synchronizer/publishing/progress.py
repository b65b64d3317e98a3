# SPDX-License-Identifier: Apache-2.0
"""What the relay remembers of one stream while it runs. None of it is needed after a kill."""

from synchronizer.ledger import StreamState
from synchronizer.publishing.bookmarks import BookmarkClock

#: (epoch, revision), as `HighWater` keeps it.
Mark = tuple[str, int]


class Progress:
    """One stream as the relay saw it last."""

    def __init__(self, state: StreamState, bookmarks: BookmarkClock) -> None:
        self.state = state
        self.bookmarks = bookmarks
        self.mark: Mark | None = None

    @property
    def has_backlog(self) -> bool:
        return self.state.published < self.state.revision

    def lost(self, seen: StreamState) -> str | None:
        """Why `seen`, a later read than any noted here, shows a ledger that went back; or None.

        Within an epoch nothing falls, and a new epoch begins above every revision of the
        old; whatever else is seen comes from a restored backup or a lost tail.
        """
        if self.mark is not None:
            epoch, revision = self.mark
            if seen.revision < revision or (seen.epoch != epoch and seen.revision == revision):
                return f"the ledger stands at {seen.revision}, but {revision} was published"
        if seen.epoch != self.state.epoch:
            return None
        if seen.revision < self.state.revision:
            return f"the ledger fell from revision {self.state.revision} to {seen.revision}"
        if seen.published < self.state.published:
            return f"`published` fell from {self.state.published} to {seen.published}"
        return None

    @property
    def highest(self) -> int:
        """The highest revision that anybody may have been told of."""
        return max(self.state.revision, self.mark[1] if self.mark else 0)
