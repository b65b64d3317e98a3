# SPDX-License-Identifier: Apache-2.0
"""Whether a caller's epoch and revision are of the stream as it is numbered now."""

import threading

from synchronizer import errors
from synchronizer.ledger import Ledger, StreamState

#: The highest revision that every JSON reader keeps exact.
MOST_REVISION = 1 << 53
#: No ledger loses more revisions than this; who asks from further above is mistaken, and
#: must not be able to use up the numbers.
MOST_LOST = 1 << 32


class Numbering:
    """Compares, and notices when a caller has seen more than the ledger knows. Thread-safe."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._losing = threading.Lock()

    def agree(self, state: StreamState, known: str | None, revision: int) -> None:
        """Returns when the stream has this revision in this epoch (None: whichever it has),
        or had it; `errors.EpochChanged` otherwise."""
        same_epoch(state, known)
        if revision <= state.revision:
            return
        if known is None:
            # A number alone proves nothing: it may be of any epoch.
            raise errors.EpochChanged(
                f"{state.key} stands at revision {state.revision}; get all again",
                epoch=state.epoch,
            )
        self._begin_anew(state, revision)

    def _begin_anew(self, state: StreamState, revision: int) -> None:
        """The caller holds a revision that the ledger never recorded, or has lost."""
        if revision > state.revision + MOST_LOST:
            raise errors.BadRequest(
                f"revision {revision} is far above the stream's, which is {state.revision}"
            )
        # One new epoch is enough for all who ask at once.
        with self._losing:
            now = self._ledger.state(state.id)
            if now.epoch == state.epoch and revision > now.revision:
                reason = f"a consumer holds revision {revision}, the ledger only {now.revision}"
                now = self._ledger.new_epoch(state.id, reason, above=revision)
        same_epoch(now, state.epoch)


def same_epoch(state: StreamState, known: str | None) -> None:
    """`errors.EpochChanged` when the stream is in another epoch than the one that is known."""
    if known is not None and known != state.epoch:
        raise errors.EpochChanged(
            f"{state.key} is in epoch {state.epoch}; get all again", epoch=state.epoch
        )
