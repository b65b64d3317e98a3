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
from synchronizer.client.repair import Repair
from synchronizer.client.resuming import Resuming
from synchronizer.client.token import Position
from synchronizer.client.values import ChangesAnswer, Digests, RosterPage, Version
from synchronizer.model import Bookmark, Change, ChangeSet, Entity


class Replica:
    """One stream at a consumer. `now` is always of one monotonic clock, in seconds.

    It is *lost* until it was given a whole snapshot (`begin`, `add`..., `end`), then it
    *follows*. It has an *errand* while it puts right what differs from the server, or learns
    again what it held when its position was saved (`resume`). `next_within`: after how many
    seconds the server promises to be heard, until a bookmark says otherwise. `epoch_check`:
    the least seconds between two questions on account of a foreign epoch. `repair=False`
    follows blindly and never asks for anything but the first snapshot: it shows in tests
    what the protocol is good for.
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
        self.held = 0
        #: After a resume: is what has happened since still to be told?
        self.catching_up = False
        #: How often what is held was found to be what the server counted.
        self.proofs = 0
        self._repair = repair
        self._next_within = next_within
        self._epoch_check = epoch_check
        self._pace = Pace(jitter)  # of all questions
        self._losses = Pace(jitter)  # of snapshots, which are dear
        self._lost_because: str | None = "nothing is known yet"
        self._expected = (0, 0)  # count and digest of the snapshot that is being read
        self._heard = 0  # the highest revision that the stream is known to have
        self._errand: Repair | Resuming | None = None
        self._unsure = False  # is it to ask the server where the stream is?
        self._target: int | None = None  # up to where it catches up, once that is known
        self._oversized: Change | None = None  # the change at revision + 1, without content
        self._foreign = False  # another epoch was heard of
        self._foreign_asked = -epoch_check
        self._silent_at = float("inf")

    @property
    def behind(self) -> bool:
        """Is it known to differ from what the stream is by now?"""
        waits = self._oversized is not None or self._foreign or self.catching_up
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
        if self._errand is not None:
            free = max(self._pace.free, self._losses.free)
            return self._errand.question() if now >= free else None
        if not self.following or not self._repair or now < self._pace.free:
            return None
        if self._oversized is not None:
            change = self._oversized
            return GetOne(change.id, change.revision, change.fingerprint)
        silent = now >= self._silent_at
        if self._heard > self.revision or self._unsure or silent or self._foreign_due(now):
            assert self.epoch is not None  # noqa: S101 - it follows
            return AskChanges(self.epoch, self.revision, silent=silent)
        return None

    def wakes_at(self) -> float:
        """From when on `question` may have one without anything being heard; or infinity."""
        if self._lost_because is not None or self._errand is not None:
            return max(self._pace.free, self._losses.free)
        if not self.following or not self._repair:
            return float("inf")
        if self._oversized is not None or self._unsure or self._heard > self.revision:
            return self._pace.free
        due = self._silent_at
        if self._foreign:
            due = min(due, self._foreign_asked + self._epoch_check)
        return max(self._pace.free, due)

    def resume(self, position: Position) -> None:
        """All up to there was told before: begin with what came after it."""
        self.live.clear()
        self.epoch, self.revision = position.epoch, position.revision
        self._lost_because = None
        self._errand = Resuming(self.live, position)
        self.catching_up = True

    def verify(self) -> None:
        """Compare with the server as soon as may be, though nothing gives reason to."""
        self._unsure = True

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
        self._note_caught_up()
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
        self.following = self.catching_up = False
        self._oversized = None
        self._foreign = self._unsure = False

    def add(self, id_: str, fingerprint: bytes, entity: Entity | None) -> None:
        """An entity of a page."""
        self.live.put(id_, fingerprint, entity)

    def end(self, now: float) -> bool:
        """That was the last page. False: it does not add up, get all again."""
        if not self.live.agrees(*self._expected):
            self._lose("the snapshot did not add up", now)
            return False
        self._follow(now)
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
        self._foreign = self._unsure = False
        self._foreign_asked = now
        if self._target is None:
            self._target = answer.revision
        # The server is the authority: what it does not know yet was not heard either.
        self._heard = max(self.revision, answer.revision)
        self.listed_at, self.held = answer.listed_at, answer.held
        self._note_caught_up()
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
        self._note_caught_up()
        self._pace.calm()
        self._touch(now)
        return [self.live.apply(change, entity)]

    def digests(self, answer: Digests, now: float) -> list[Applied]:
        """`digests` answered."""
        if not isinstance(self._errand, Repair):
            return []
        return self._go_on(self._errand.digests(answer), now)

    def roster(self, page: RosterPage, now: float) -> list[Applied]:
        """`roster` answered."""
        match self._errand:
            case Repair():
                return self._go_on(self._errand.roster(page), now)
            case Resuming():
                self._errand.roster(page)
                return self._go_on([], now)
        return []

    def version(self, version: Version, now: float) -> list[Applied]:
        """`get` answered with the state of an entity that is to be put right."""
        if not isinstance(self._errand, Repair):
            return []
        return self._go_on(self._errand.version(version), now)

    def failed(self, error: Exception, now: float) -> None:
        """The question, or the snapshot that was being read, failed."""
        if (
            isinstance(error, errors.Compacted | errors.EpochChanged)
            or (isinstance(error, errors.NotFound) and self._oversized is not None)
            # All is better got again than by a server that does not know how to help.
            or (isinstance(error, errors.Skip) and self._errand is not None)
        ):
            self._lose(str(error), now)
            return
        least = error.retry_after or 0.0 if isinstance(error, errors.Retry) else 0.0
        self._pace.trouble(now, least=least)
        if not self.following and self._lost_because is None and self._errand is None:
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
        if not self._repair:
            return True
        if self.live.agrees(count, digest):
            self.proofs += 1
            return True
        assert self.epoch is not None  # noqa: S101 - it follows
        self._errand = Repair(self.live, self.epoch, self.revision, self.listed_at)
        self._stop_following(now)
        return False

    def _go_on(self, applied: list[Applied], now: float) -> list[Applied]:
        """Its errand has made a step."""
        assert self._errand is not None  # noqa: S101 - the callers look
        if (complaint := self._errand.complaint) is not None:
            self._lose(complaint, now)
        elif self._errand.question() is None:
            # What came after a position that was saved, nothing that is heard may tell.
            self._unsure = self._unsure or isinstance(self._errand, Resuming)
            self._errand = None
            self._follow(now)
        else:
            self._pace.calm()
        return applied

    def _lose(self, reason: str, now: float) -> None:
        self._lost_because = reason
        if not isinstance(self._errand, Repair):  # which is the same trouble
            self._stop_following(now)
        self._errand = None

    def _follow(self, now: float) -> None:
        self.following = True
        self.proofs += 1
        self._pace.calm()
        self._touch(now)

    def _stop_following(self, now: float) -> None:
        self.following = False
        self._oversized = None
        self._losses.trouble(now, first_at_once=True)

    def _note_caught_up(self) -> None:
        if self._target is not None and self.revision >= self._target:
            self.catching_up = False

    def _touch(self, now: float) -> None:
        self._silent_at = now + self.silence

    def _foreign_due(self, now: float) -> bool:
        return self._foreign and now >= self._foreign_asked + self._epoch_check
