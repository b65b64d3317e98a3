# SPDX-License-Identifier: Apache-2.0
"""The relay's loop: look what was committed, publish it stream by stream, mark it."""

import dataclasses
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from oslo_log import log as logging

from synchronizer import errors, outgoing
from synchronizer.bus import envelope, topics
from synchronizer.ledger import HighWater, Ledger, StreamState
from synchronizer.model import StreamKey
from synchronizer.publishing.batch import Batch, batch_of
from synchronizer.publishing.bookmarks import BookmarkClock
from synchronizer.publishing.outage import BusOutage, Spell
from synchronizer.publishing.progress import Progress
from synchronizer.vitals import NO_PULSE, STEP, Pulse

LOG = logging.getLogger(__name__)

#: (topic, event type, payload, seconds): returns once the bus has it, or raises
#: `errors.BusUnavailable` when the seconds are over.
Send = Callable[[str, str, dict[str, Any], float], None]

#: Seconds after which the ledger is looked at though nothing seems to have moved.
FULL_LOOK = 5.0


class Relay:
    """Publishes every stream of one ledger; streams take turns, one message at a time.

    Several relays on one ledger are harmless: they repeat each other's messages. `run`
    raises `errors.Stop` kinds only (the ledger cannot be used); everything else is
    tried again. Nothing is held in memory but one batch and a few words per stream. `pulse`
    is told of progress.
    """

    def __init__(
        self,
        ledger: Ledger,
        high_water: HighWater,
        send: Send,
        *,
        max_changes: int = 200,
        max_bytes: int = outgoing.MAX_BYTES,
        bookmark_interval: float = 10.0,
        deadline: float = 5.0,
        poll: float = 0.025,
        longest_poll: float = 0.25,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
        pulse: Pulse = NO_PULSE,
    ) -> None:
        self._alive = pulse
        self._ledger = ledger
        self._high_water = high_water
        self._send = send
        self._max_changes = max_changes
        self._max_bytes = max_bytes
        self._bookmark_interval = bookmark_interval
        self._deadline = deadline
        self._poll = poll
        self._longest_poll = max(poll, longest_poll)
        self._clock = clock
        self._chance = chance
        self._stopping = threading.Event()
        self._streams: dict[StreamKey, Progress] = {}
        self._turns: deque[StreamKey] = deque()
        self._outage = BusOutage(chance)
        self._ledger_spell = Spell("The relay cannot use the ledger", chance)
        self._pulse: object = None
        self._look_due = 0.0
        self._pause = poll

    def run(self) -> None:
        """Publish until `stop` is called."""
        LOG.info("The relay runs")
        while not self._stopping.is_set():
            seconds = self.turn()
            self._alive.expect(seconds, "waits")
            self._stopping.wait(seconds)
        self._alive.expect(doing="ends")
        LOG.info("The relay ends")

    def stop(self) -> None:
        """End `run` after the message that is being sent; from any thread."""
        self._stopping.set()

    def turn(self) -> float:
        """Serve each stream once; seconds until there may be more to do."""
        self._alive.expect(doing="looks at the ledger")
        try:
            self._look()
            again = [self._serve(key) for key in list(self._turns) if not self._stopping.is_set()]
        except errors.Retry as error:
            # What was published and not marked is looked at, and published, again.
            self._pulse = None
            return self._ledger_spell.failed(error, self._clock())
        self._ledger_spell.worked(self._clock())
        return 0.0 if any(again) else self._wait()

    # --- the four steps; a kill between any two of them loses nothing -------------

    def record_high_water(self, batch: Batch) -> None:
        """Note durably, outside the ledger, how far consumers may know it from now on."""
        progress = self._streams[batch.state.key]
        # All that is committed and not the batch alone: a backlog costs one fsync, not many.
        mark = (batch.state.epoch, batch.state.revision)
        if progress.mark != mark:
            self._high_water.record(batch.state.key, *mark)
            progress.mark = mark

    def publish_batch(self, batch: Batch) -> None:
        """Send the batch; `errors.BusUnavailable` when the bus does not take it in time."""
        self._send(batch.topic, batch.event_type, batch.payload(), self._deadline)

    def mark_batch(self, batch: Batch) -> bool:
        """Mark the batch published; False when somebody else has moved the mark."""
        state = batch.state
        return self._ledger.mark_published(
            state.id, state.epoch, state.published, batch.changes.last
        )

    def send_bookmark(self, state: StreamState) -> None:
        """Send a bookmark of a row in which everything is published."""
        bookmark = outgoing.bookmark_of(state, self._bookmark_interval)
        self._send(
            topics.topic_of(bookmark.cloud, bookmark.type),
            topics.event_type(bookmark.type, "bookmark"),
            envelope.bookmark_to_wire(bookmark),
            self._deadline,
        )

    # --- looking ------------------------------------------------------------------

    def _look(self) -> None:
        """Read every stream's row if anything was committed, or some seconds have passed."""
        now = self._clock()
        self._ledger.check()
        pulse = self._ledger.pulse()
        if pulse == self._pulse and now < self._look_due:
            self._pause = min(self._longest_poll, self._pause * 1.25)
            return
        # The marks first: a mark read later could rightly be above the rows.
        marks = self._high_water.all()
        states = self._ledger.streams()
        for state in states:
            self._see(state, marks.get(state.key))
        for key in self._streams.keys() - {state.key for state in states}:
            del self._streams[key]
            self._turns.remove(key)
            self._outage.forget(key, now)
        if pulse != self._pulse:
            self._pause = self._poll
        self._pulse = pulse
        self._look_due = now + FULL_LOOK

    def _see(self, state: StreamState, mark: tuple[str, int] | None) -> None:
        progress = self._streams.get(state.key)
        if progress is None:
            clock = BookmarkClock(self._bookmark_interval, self._chance)
            progress = self._streams[state.key] = Progress(state, clock)
            self._turns.append(state.key)
        progress.mark = mark
        self._accept(progress, state)

    def _accept(self, progress: Progress, state: StreamState) -> None:
        """Go on from a row just read, with a new epoch if it shows a ledger that went back."""
        reason = progress.lost(state)
        if reason is not None:
            state = self._ledger.new_epoch(state.id, reason, above=progress.highest)
        progress.state = state

    # --- serving ------------------------------------------------------------------

    def _serve(self, key: StreamKey) -> bool:
        """Publish one batch or bookmark of the stream; whether there is more to do at once.

        Only the ledger's errors leave that concern every stream.
        """
        progress = self._streams[key]
        self._alive.expect(STEP + self._deadline, "publishes")
        if not self._outage.may_try(key, self._clock()):
            return False
        # Whoever was tried goes to the end, so that after an outage's pause it is another's turn.
        self._turns.remove(key)
        self._turns.append(key)
        try:
            sent = self._publish_next(progress) if progress.has_backlog else self._prove(progress)
        except errors.BusUnavailable as error:
            self._outage.failed(key, error, self._clock())
            return False
        except Exception as error:
            everyones = errors.LedgerUnavailable | errors.Refused | errors.Stop
            if isinstance(error, everyones) and not isinstance(error, errors.LedgerDamaged):
                raise
            # A fault in one stream's rows must not hold up the others.
            if key not in self._outage.failing:
                LOG.exception("%s cannot be published", key)
            self._outage.failed(key, type(error).__name__, self._clock())
            return False
        now = self._clock()
        if sent:
            self._outage.worked(key, now)
        return progress.has_backlog or progress.bookmarks.is_due(progress.state, now)

    def _publish_next(self, progress: Progress) -> bool:
        """Publish the first batch of the backlog; False when the stream was not as it seemed."""
        known = progress.state
        try:
            read = self._ledger.changes(
                known.id, known.published, limit=self._max_changes, max_bytes=self._max_bytes
            )
        except errors.Compacted:
            self._skip_forward(progress)
            return False
        except errors.EpochChanged:
            self._accept(progress, self._ledger.state(known.id))
            return False
        self._accept(progress, read.state)
        state = progress.state
        if (state.epoch, state.published) != (known.epoch, known.published):
            return False
        if not read.versions:
            raise RuntimeError(f"revisions {state.published + 1} to {state.revision} are missing")
        batch = batch_of(read, self._max_bytes)
        self.record_high_water(batch)
        self.publish_batch(batch)
        if self.mark_batch(batch):
            progress.state = dataclasses.replace(state, published=batch.changes.last)
        else:
            self._accept(progress, self._ledger.state(state.id))
        return True

    def _skip_forward(self, progress: Progress) -> None:
        """The ledger gave up revisions that were not published (its disk cap): go on above."""
        self._accept(progress, self._ledger.state(progress.state.id))
        state = progress.state
        if state.published >= state.floor:
            return
        LOG.error(
            "%s: revisions %d to %d were removed before they could be published; "
            "consumers will notice the gap",
            state.key,
            state.published + 1,
            state.floor,
            revision=state.floor,
        )
        self._ledger.mark_published(state.id, state.epoch, state.published, state.floor)
        self._accept(progress, self._ledger.state(state.id))

    def _prove(self, progress: Progress) -> bool:
        """Send a bookmark if one is due and nothing is left to publish; whether one was sent."""
        if not progress.bookmarks.is_due(progress.state, self._clock()):
            return False
        self._accept(progress, self._ledger.state(progress.state.id))
        if progress.has_backlog:
            return False
        self.send_bookmark(progress.state)
        progress.bookmarks.sent(progress.state, self._clock())
        return True

    def _wait(self) -> float:
        """Seconds until the next look, bookmark or attempt."""
        now = self._clock()
        failing = self._outage.failing
        waits = [
            progress.bookmarks.wait(progress.state, now)
            for key, progress in self._streams.items()
            if key not in failing
        ]
        retry = self._outage.next_try(now)
        if retry is not None:
            waits.append(retry)
        return max(0.001, min([self._pause, *waits]))
