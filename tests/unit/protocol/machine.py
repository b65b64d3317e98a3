# SPDX-License-Identifier: Apache-2.0
"""Everything that can happen to writers, ledger, relays, bus, server and a consumer, in any
order; what must be true after each step; and that all comes to rest at the same state."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from synchronizer.client.follower import Follower
from synchronizer.client.pace import LONGEST
from synchronizer.client.replica import Replica
from synchronizer.publishing import Relay
from tests.support.schemas import NewForms
from tests.unit.protocol.bus import Bus
from tests.unit.protocol.consumer import Caller, Consumer
from tests.unit.protocol.daemon import STAGES, Daemon, Killed, Stage
from tests.unit.protocol.model import Place, Timeline
from tests.unit.protocol.writer import BIG, Wish, Writer

T0 = 1_767_323_045_000_000
#: Nothing here has to survive a power cut, and waiting for a disk is most of the time.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
#: Later than anything that is committed.
DOOMSDAY = T0 * 2

TWO = st.integers(0, 1)
IDS = st.sampled_from("abcd")
VALUES = st.one_of(st.none(), st.integers(0, BIG))
WISHES: st.SearchStrategy[list[Wish]] = st.lists(st.tuples(IDS, VALUES), min_size=1, max_size=4)
EVENTS = (
    "epoch",
    "compact a little",
    "compact",
    "outage",
    "calls fail",
    "claim",
    "relay restarts",
    "daemon restarts",
    "consumer restarts",
)
MISFORTUNES = ("resumes", "dies soon", "dies sooner", "is spoiled", "forgets")
MEANWHILE = st.sampled_from(["kill", "other relay", "commit", "epoch", "compact", "outage"])


class Protocol(RuleBasedStateMachine):
    """Variants of the machine are subclasses that name an empty ledger and other parts."""

    empty: ClassVar[Path]
    relay_class: ClassVar[type[Relay]] = Relay
    replica_class: ClassVar[type[Replica]] = Replica
    follower_class: ClassVar[type[Follower]] = Follower
    #: Entities whose JSON is longer travel without content; it bounds what a message tells, too.
    max_bytes: ClassVar[int] = 2000
    #: Of all examples: what one has shown need not be looked at again.
    forms: ClassVar[NewForms] = NewForms()

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="protocol-", dir=MEMORY))
        self.now = 1000.0
        self.instant = T0
        self.bus = Bus(self.forms)
        self.daemon = Daemon(
            self.folder, self.empty, self.bus, self.clock, self.relay_class, self.max_bytes
        )
        self.caller = Caller(lambda: self.daemon.endpoint, self.forms)
        self.backup: Timeline | None = None
        #: Places that were another state before a backup came back.
        self.forked: dict[Place, None] = {}

    def clock(self) -> float:
        return self.now

    @initialize(wishes=WISHES)
    def begin(self, wishes: list[Wish]) -> None:
        state = self.daemon.state
        self.timeline = Timeline((state.epoch, state.revision), state.revision)
        self.timeline.states[self.timeline.place] = {}
        self.hire_writers()
        self.commit(0, wishes, listed=True)
        self.consumer = self.new_consumer()
        self.settle()

    def hire_writers(self) -> None:
        self.writers = [Writer(self.daemon.ledger, self.daemon.stream) for _ in range(2)]

    def new_consumer(self) -> Consumer:
        return Consumer(self.caller, self.clock, self.replica_class, self.follower_class)

    def teardown(self) -> None:
        try:
            if hasattr(self, "consumer"):
                self.settle()
        finally:
            self.daemon.close()
            shutil.rmtree(self.folder)

    # --- writing ----------------------------------------------------------

    @rule(writer=TWO, wishes=WISHES, listed=st.booleans())
    def commit(self, writer: int, wishes: list[Wish], listed: bool) -> None:
        self.instant += 1_000_000
        self.writers[writer].commit(wishes, self.instant, self.timeline, listed=listed)

    # --- publishing -------------------------------------------------------

    @rule(relay=TWO, turns=st.integers(1, 3))
    def turn(self, relay: int, turns: int) -> None:
        for _ in range(turns):
            self.daemon.turn(relay)

    @rule(relay=TWO, stage=st.sampled_from(STAGES), event=MEANWHILE, wishes=WISHES)
    def turn_with_event(self, relay: int, stage: Stage, event: str, wishes: list[Wish]) -> None:
        """Something happens between two steps of a relay."""
        events: dict[str, Callable[[], None]] = {
            "kill": self.kill,
            "other relay": lambda: self.daemon.turn(1 - relay),
            "commit": lambda: self.commit(0, wishes, listed=False),
            "epoch": self.new_epoch,
            "compact": lambda: self.compact(1000),
            "outage": lambda: setattr(self.bus, "is_out", True),
        }
        self.daemon.steps[relay].plan(stage, events[event])
        self.daemon.turn(relay)

    @staticmethod
    def kill() -> None:
        raise Killed

    # --- consuming --------------------------------------------------------

    @precondition(lambda self: len(self.bus) > 0)
    @rule(count=st.integers(1, 4), keep=st.booleans())
    def deliver(self, count: int, keep: bool) -> None:
        for _ in range(min(count, len(self.bus))):
            message = self.bus.next(keep=keep)
            self.consumer.hear(message)
            self.consumer.check_noticed(message)

    @precondition(lambda self: len(self.bus) > 0)
    @rule(keep=st.booleans())
    def lose(self, keep: bool) -> None:
        self.bus.next(keep=keep)

    @precondition(lambda self: self.bus.late > 0)
    @rule(index=st.integers(0, Bus.MOST - 1))
    def deliver_late(self, index: int) -> None:
        message = self.bus.late_copy(index)
        self.consumer.hear(message)
        self.consumer.check_noticed(message)

    @rule(times=st.integers(1, 3))
    def work(self, times: int) -> None:
        """Without waiting for the end of a pause any longer than needed."""
        for _ in range(times):
            self.consumer.work()
            wakes_at = self.consumer.replica.wakes_at()
            if wakes_at < self.now + LONGEST:
                self.now = max(self.now, wakes_at)

    @rule(writer=TWO, relay=TWO, wishes=WISHES)
    def flow(self, writer: int, relay: int, wishes: list[Wish]) -> None:
        """What happens most of the time."""
        self.commit(writer, wishes, listed=False)
        self.daemon.turn(relay)
        if len(self.bus):
            self.deliver(len(self.bus), keep=False)
        self.consumer.work()

    # --- the world --------------------------------------------------------

    @rule(seconds=st.sampled_from([0.3, 1.0, 6.0, 25.0, 90.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(event=st.sampled_from(EVENTS), which=TWO)
    def happen(self, event: str, which: int) -> None:
        """One of the things that are rare, so that the others come to something."""
        match event:
            case "epoch":
                self.new_epoch()
            case "compact a little":
                self.compact(1)
            case "compact":
                self.compact(1000)
            case "outage":
                self.bus.is_out = not self.bus.is_out
            case "calls fail":
                self.caller.failing = 1 + which
            case "claim":
                self.writers[which].claim()
            case "relay restarts":
                self.daemon.restart_relay(which)
            case "daemon restarts":
                self.daemon.close()
                self.daemon.open()
                self.hire_writers()
            case "consumer restarts":
                self.consumer = self.new_consumer()
                if which:
                    self.bus.lose_all()

    @rule(what=st.sampled_from(MISFORTUNES), deaf=st.booleans())
    def suffer(self, what: str, deaf: bool) -> None:
        """What can happen to a consumer; and, `deaf`, to all that it had not heard yet."""
        match what:
            case "resumes":
                self.consumer.resume()
            case "dies soon":
                self.consumer.dies_after = 2
            case "dies sooner":
                self.consumer.dies_after = 1
            case "is spoiled":
                self.consumer.spoil(drop=False)
            case "forgets":
                self.consumer.spoil(drop=True)
        if deaf:
            self.bus.lose_all()

    def new_epoch(self) -> None:
        state = self.daemon.ledger.new_epoch(self.daemon.stream, "an operator says so")
        self.timeline.renumber(state)

    def compact(self, limit: int) -> None:
        self.daemon.ledger.compact(self.daemon.stream, DOOMSDAY, limit=limit)

    @rule()
    def back_up(self) -> None:
        self.daemon.back_up()
        self.look()
        self.backup = self.timeline.copy()

    @precondition(lambda self: self.backup is not None)
    @rule(as_other_file=st.booleans())
    def restore(self, as_other_file: bool) -> None:
        assert self.backup is not None
        self.daemon.close()
        self.daemon.put_backup_back(as_other_file=as_other_file)
        self.forked |= dict.fromkeys(self.timeline.states.keys() - self.backup.states.keys())
        self.timeline = self.backup.copy()
        self.daemon.open()
        self.hire_writers()

    # --- what must be true ------------------------------------------------

    @invariant()
    def look(self) -> None:
        """The ledger is what the model says, and what it marked as published was said."""
        if not hasattr(self, "timeline"):
            return
        assert not self.bus.said.conflicts, self.bus.said.conflicts
        state = self.daemon.state
        self.timeline.renumber(state)
        live = {row.id: row.fingerprint for row in self.daemon.ledger.baseline(state.id)[1]}
        assert live == {id_: print_ for id_, (print_, _) in self.timeline.live.items()}
        for revision in range(self.timeline.first + 1, state.published + 1):
            said = self.bus.said.has((state.epoch, revision))
            assert said, f"revision {revision} was marked and never published"

    @invariant()
    def watch_the_consumer(self) -> None:
        if not hasattr(self, "consumer"):
            return
        consumer, replica = self.consumer, self.consumer.replica
        consumer.check_attention()
        if not replica.following or replica.epoch is None:
            return
        place = (replica.epoch, replica.revision)
        if place in self.forked or place not in self.timeline.states:
            return
        live = self.timeline.states[place]
        prints = {id_: print_ for id_, (print_, _) in live.items()}
        consumer.spoiled = consumer.spoiled and replica.live.fingerprints != prints
        if consumer.spoiled:
            return
        assert replica.live.fingerprints == prints
        entities = {id_: entity for id_, (_, entity) in live.items()}
        assert consumer.entities == entities
        # After it has resumed it knows the content of what was told since.
        assert replica.live.entities is not None
        assert replica.live.entities.items() <= entities.items()

    @rule()
    def settle(self) -> None:
        """No faults any more: soon the consumer holds what the ledger does."""
        self.bus.is_out = False
        self.caller.failing = 0
        for _ in range(60):
            for relay in (0, 1):
                self.daemon.turn(relay)
            while len(self.bus):
                self.consumer.hear(self.bus.next())
            self.consumer.work()
            self.look()
            self.watch_the_consumer()
            if self.is_settled():
                break
            self.now += 3.0
        else:
            raise AssertionError("it never comes to rest")
        state = self.daemon.state
        replica = self.consumer.replica
        assert replica.live.agrees(state.count, state.digest)
        live = self.timeline.live
        assert replica.live.fingerprints == {id_: print_ for id_, (print_, _) in live.items()}
        assert self.consumer.entities == {id_: entity for id_, (_, entity) in live.items()}
        assert self.daemon.ledger.verify_digest(self.daemon.stream)
        assert self.consumer.kept.replayed() == self.consumer.entities

    def is_settled(self) -> bool:
        """All is published and known, and a bookmark of that was heard."""
        state, replica = self.daemon.state, self.consumer.replica
        return (
            state.published == state.revision
            and replica.following
            and not self.consumer.is_reading
            and not self.consumer.spoiled
            and self.consumer.kept.is_whole
            and (replica.epoch, replica.revision) == (state.epoch, state.revision)
            and replica.listed_at == state.listed_at
            and replica.question(self.now) is None
        )
