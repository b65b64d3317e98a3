# SPDX-License-Identifier: Apache-2.0
"""Learns again the fingerprints that a consumer held when it saved its token."""

from synchronizer.client.live import Live
from synchronizer.client.questions import AskRoster
from synchronizer.client.token import Position
from synchronizer.client.values import RosterPage


class Resuming:
    """Reads the roster of a position into `live`, which is empty before."""

    def __init__(self, live: Live, position: Position) -> None:
        self._live = live
        self._position = position
        self._question: AskRoster | None = AskRoster(
            position.epoch, position.revision, bits=0, bucket=0, cursor=None
        )

    def question(self) -> AskRoster | None:
        """What to ask next; None: it is done."""
        return self._question

    @property
    def complaint(self) -> str | None:
        """Why it is of no use: the number stands for another state than the one that was told."""
        if self._question is not None or self._live.digest == self._position.digest:
            return None
        return f"revision {self._position.revision} is another state now than the one told then"

    def roster(self, page: RosterPage) -> None:
        for item in page.items:
            self._live.put(item.id, item.fingerprint, None)
        place = self._position
        self._question = (
            None
            if page.cursor is None
            else AskRoster(place.epoch, place.revision, bits=0, bucket=0, cursor=page.cursor)
        )
