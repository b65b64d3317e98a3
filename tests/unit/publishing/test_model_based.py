# SPDX-License-Identifier: Apache-2.0
"""Whatever commits, relays, kills and an unreliable bus do, everything comes, in order."""

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from synchronizer import errors
from synchronizer.model import StreamKey
from synchronizer.publishing import Relay
from tests.unit.publishing.support import SERVERS, VOLUMES, Author, Reader, open_ledger

STEPS = ("record_high_water", "publish_batch", "mark_batch", "send_bookmark")


class Killed(BaseException):
    """Stands for SIGKILL at an instant."""


class Relays(RuleBasedStateMachine):
    """Two relays on one ledger with two streams; a reader of each stream hears everything."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.ledger = open_ledger(Path(self.folder.name))
        self.authors = {key: Author(self.ledger, key) for key in (SERVERS, VOLUMES)}
        self.readers = {key: Reader() for key in self.authors}
        self.epochs = {key: author.state.epoch for key, author in self.authors.items()}
        #: What the bus does with the next messages: takes, refuses, or takes and says no.
        self.moods: list[str] = []
        self.now = 0.0
        self.relays = [self.make(), self.make()]

    def make(self) -> Relay:
        return Relay(
            self.ledger,
            self.ledger.high_water,
            self.send,
            max_changes=3,
            clock=lambda: self.now,
            chance=lambda: 0.5,
        )

    def send(self, topic: str, event_type: str, payload: dict[str, Any], deadline: float) -> None:
        mood = self.moods.pop(0) if self.moods else "takes"
        if mood == "refuses":
            raise errors.BusUnavailable
        key = StreamKey(payload["cloud"], payload["type"])
        reader = self.readers[key]
        if event_type.endswith(".bookmark"):
            # All that a bookmark tells of was published before it, by whichever relay.
            assert payload["revision"] <= reader.revision
            if payload["revision"] == reader.revision:
                assert payload["count"] == len(reader.held)
        else:
            reader.take(payload)
        if mood == "takes, says no":
            raise errors.BusUnavailable

    @rule(key=st.sampled_from([SERVERS, VOLUMES]), ids=st.sets(st.integers(0, 5), min_size=1))
    def put(self, key: StreamKey, ids: set[int]) -> None:
        author = self.authors[key]
        revision = author.state.revision
        author.put(*({"id": f"e{number}", "seen": revision} for number in sorted(ids)))

    @rule(key=st.sampled_from([SERVERS, VOLUMES]))
    def drop(self, key: StreamKey) -> None:
        author = self.authors[key]
        if author.live:
            author.drop(min(author.live))

    @rule(key=st.sampled_from([SERVERS, VOLUMES]))
    def listing(self, key: StreamKey) -> None:
        self.authors[key].listed()

    @rule(
        moods=st.lists(st.sampled_from(["takes", "refuses", "takes, says no"]), max_size=6),
    )
    def bus(self, moods: list[str]) -> None:
        self.moods = moods

    @rule(which=st.integers(0, 1), seconds=st.sampled_from([0.0, 0.1, 3.0, 20.0]))
    def turn(self, which: int, seconds: float) -> None:
        self.now += seconds
        self.relays[which].turn()

    @rule(
        which=st.integers(0, 1),
        step=st.sampled_from(STEPS),
        before=st.booleans(),
        turns=st.integers(1, 3),
    )
    def kill(self, which: int, step: str, before: bool, turns: int) -> None:
        relay = self.relays[which]
        original = getattr(relay, step)

        def killed(argument: object) -> None:
            if not before:
                original(argument)
            raise Killed

        setattr(relay, step, killed)
        try:
            for _ in range(turns):
                relay.turn()
        except Killed:
            self.relays[which] = self.make()
        else:
            setattr(relay, step, original)

    @invariant()
    def nothing_is_marked_that_was_not_heard(self) -> None:
        for key, author in getattr(self, "authors", {}).items():
            state = self.ledger.state(author.state.id)
            assert state.published <= self.readers[key].revision <= state.revision
            # Whoever restarts, and whatever the bus does, an epoch has no reason to end.
            assert state.epoch == self.epochs[key]

    def teardown(self) -> None:
        if not hasattr(self, "ledger"):
            return
        self.moods = []
        for _ in range(200):
            self.now += 1.0
            for relay in self.relays:
                relay.turn()
        for key, author in self.authors.items():
            assert self.readers[key].entities == author.live
            assert self.ledger.state(author.state.id).published == self.readers[key].revision
        self.ledger.close()
        self.folder.cleanup()


TestRelays = Relays.TestCase
TestRelays.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
