# SPDX-License-Identifier: Apache-2.0
"""The consumer's side of the protocol for one stream, as a state machine without I/O.

What is heard and answered goes in, with the time; the changes to apply come out, each
once and in order. What is to be asked next is a question of state (`question`), so a
lost answer or a failed call needs no handling: the question simply still stands.
"""

import random
from collections.abc import Callable, Iterable

from synchronizer import errors
from synchronizer.client.live import Applied, Live
from synchronizer.client.pace import Pace
from synchronizer.client.questions import AskChanges, GetAll, GetOne, Question
from synchronizer.client.values import ChangesAnswer
from synchronizer.model import Bookmark, Change, ChangeSet, Entity


class Replica:
    """One stream at a consumer. `now` is always of one monotonic clock, in seconds.

    It is *lost* until it was given a whole snapshot (`begin`, `add`..., `end`), then it
    *follows*. `next_within`: after how many seconds the server promises to be heard, until
    a bookmark says otherwise. `epoch_check`: the least seconds between two questions on
    account of a foreign epoch. `repair=False` follows blindly and never asks for
    anything but the first snapshot: it shows in tests what the protocol is good for.
    """

    #: For tests of what bookmarks are good for.
    bookmarks_ignored = False

    def __init__(
        self,
        *,
        keep_entities: bool = False,
        repair: bool = True,
        next_within: float = 10.0,
        epoch_check: float = 5.0,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.live = Live(keep_entities=keep_entities)
        self.epoch: str | None = None
        self.revision = 0
        self.following = False
        self.listed_at: int | None = None
        self._repair = repair
        self._next_within = next_within
        self._epoch_check = epoch_check
        self._pace = Pace(jitter)  # of all questions
        self._losses = Pace(jitter)  # of snapshots, which are dear
        self._lost_because: str | None = "nothing is known yet"
        self._expected = (0, 0)  # count and digest of the snapshot that is being read
        self._heard = 0  # the highest revision that the stream is known to have
        self._oversized: Change | None = None  # the change at revision + 1, without content
        self._foreign = False  # another epoch was heard of
        self._foreign_asked = -epoch_check
        self._silent_at = float("inf")

    @property
    def behind(self) -> bool:
        """Is it known to differ from what the stream is by now?"""
        waits = self._oversized is not None or self._foreign
        return not self.following or waits or self._heard > self.revision

    @property
    def silence(self) -> float:
        """Seconds after which hearing nothing means something."""
        return 2 * self._next_within

    # --- what to do ------------------------------------------------------------

    def question(self, now: float) -> Question | None:
        """What to ask the server now, if anything. Asking it again does no harm."""
        if self._lost_because is not None:
            free = max(self._pace.free, self._losses.free)
            return GetAll(self._lost_because) if now >= free else None
        if not self.following or not self._repair or now < self._pace.free:
            return None
        if self._oversized is not None:
            change = self._oversized
            return GetOne(change.id, change.revision, change.fingerprint)
        silent = now >= self._silent_at
        if self._heard > self.revision or silent or self._foreign_due(now):
            assert self.epoch is not None  # noqa: S101 - it follows
            return AskChanges(self.epoch, self.revision, silent=silent)
        return None

    def wakes_at(self) -> float:
        """From when on `question` may have one without anything being heard; or infinity."""
        if self._lost_because is not None:
            return max(self._pace.free, self._losses.free)
        if not self.following or not self._repair:
            return float("inf")
        if self._oversized is not None or self._heard > self.revision:
            return self._pace.free
        due = self._silent_at
        if self._foreign:
            due = min(due, self._foreign_asked + self._epoch_check)
        return max(self._pace.free, due)

    # --- what was heard --------------------------------------------------------

    def hear_changes(self, heard: ChangeSet, now: float) -> list[Applied]:
        """A change set came from the bus."""
        if not self._is_ours(heard.epoch, heard.last):
            return []
        if self._repair and heard.first > self.revision + 1:
            return []
        applied = self._apply(heard.changes)
        if heard.last == self.revision and self._verify(heard.count, heard.digest, now):
            self._touch(now)
        return applied

    def hear_bookmark(self, bookmark: Bookmark, now: float) -> None:
        """A bookmark came from the bus."""
        if self.bookmarks_ignored:
            return
        self._next_within = bookmark.next_within  # of the publisher, whatever it speaks of
        if not self._is_ours(bookmark.epoch, bookmark.revision):
            return
        if bookmark.revision < self.revision:
            return
        self.listed_at = bookmark.listed_at
        if bookmark.revision > self.revision or self._verify(bookmark.count, bookmark.digest, now):
            self._touch(now)

    # --- what was answered -----------------------------------------------------

    def begin(self, epoch: str, revision: int, count: int, digest: int) -> None:
        """The first page of a snapshot came: what was held is forgotten."""
        self.live.clear()
        if epoch != self.epoch:
            self._heard = 0
        self.epoch, self.revision = epoch, revision
        self._expected = (count, digest)
        self._lost_because = None
        self.following = False
        self._oversized = None
        self._foreign = False

    def add(self, entities: Iterable[tuple[str, bytes, Entity]]) -> None:
        """(id, fingerprint, entity) of a page."""
        for id_, fingerprint, entity in entities:
            self.live.put(id_, fingerprint, entity)

    def end(self, now: float) -> bool:
        """That was the last page. False: it does not add up, get all again."""
        if not self.live.agrees(*self._expected):
            self._lose("the snapshot did not add up", now)
            return False
        self.following = True
        self._pace.calm()
        self._touch(now)
        return True

    def answer(self, answer: ChangesAnswer, now: float) -> list[Applied]:
        """`changes` answered."""
        if not self.following:
            return []
        if answer.epoch != self.epoch:
            self._lose("the stream's numbering has begun anew", now)
            return []
        if answer.last < self.revision:
            self._pace.trouble(now)  # it answers a question that no longer stands
            return []
        if answer.first > self.revision + 1:
            raise errors.BadMessage(
                f"asked for the changes after {self.revision}, the server answered from "
                f"{answer.first} on"
            )
        before = self.revision
        applied = self._apply(answer.changes)
        self._foreign = False
        self._foreign_asked = now
        # The server is the authority: what it does not know yet was not heard either.
        self._heard = max(self.revision, answer.revision)
        self.listed_at = answer.listed_at
        if answer.last == self.revision and not self._verify(answer.count, answer.digest, now):
            return applied
        self._touch(now)
        if self._heard > self.revision == before and self._oversized is None:
            self._pace.trouble(now)  # it knows of more and does not give it
        else:
            self._pace.calm()
        return applied

    def entity(self, revision: int, entity: Entity, now: float) -> list[Applied]:
        """`get` answered with the content of a change that was too big to travel."""
        change = self._oversized
        if change is None or change.revision != revision:
            return []
        self._oversized = None
        self.revision = revision
        self._pace.calm()
        self._touch(now)
        return [self.live.apply(change, entity)]

    def failed(self, error: Exception, now: float) -> None:
        """The question, or the snapshot that was being read, failed."""
        if isinstance(error, errors.Compacted | errors.EpochChanged) or (
            isinstance(error, errors.NotFound) and self._oversized is not None
        ):
            self._lose(str(error), now)
            return
        least = error.retry_after or 0.0 if isinstance(error, errors.Retry) else 0.0
        self._pace.trouble(now, least=least)
        if not self.following and self._lost_because is None:
            self._lost_because = str(error)

    # --- inside ----------------------------------------------------------------

    def _is_ours(self, epoch: str, revision: int) -> bool:
        """Of the epoch that is followed? Notes what the message says of the stream, anyway."""
        if self._lost_because is not None:
            return False
        if epoch != self.epoch:
            self._foreign = True
            return False
        self._heard = max(self._heard, revision)
        return self.following

    def _apply(self, changes: Iterable[Change]) -> list[Applied]:
        """Applies what is not known yet, up to a change whose content has to be fetched."""
        applied = []
        for change in changes:
            if change.revision <= self.revision:
                continue
            if change.oversized and self._repair:
                self._oversized = change
                break
            entity = change.entity if isinstance(change.entity, dict) else None
            applied.append(self.live.apply(change, entity))
            self.revision = change.revision
            self._oversized = None
        return applied

    def _verify(self, count: int, digest: int, now: float) -> bool:
        if not self._repair or self.live.agrees(count, digest):
            return True
        self._lose(f"count or digest differ at revision {self.revision}", now)
        return False

    def _lose(self, reason: str, now: float) -> None:
        self._lost_because = reason
        self.following = False
        self._oversized = None
        self._losses.trouble(now, first_at_once=True)

    def _touch(self, now: float) -> None:
        self._silent_at = now + self.silence

    def _foreign_due(self, now: float) -> bool:
        return self._foreign and now >= self._foreign_asked + self._epoch_check
