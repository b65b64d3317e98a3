# SPDX-License-Identifier: Apache-2.0
"""A consumer made of the client's real parts: follower, replica, requests, positions, copy."""

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

from synchronizer import errors
from synchronizer.client.events import Event, Resynced
from synchronizer.client.follower import Follower
from synchronizer.client.live import Applied, Live
from synchronizer.client.pace import LONGEST
from synchronizer.client.replica import Replica
from synchronizer.client.requests import Requests
from synchronizer.client.token import Position, Positions
from synchronizer.model import Change, Entity
from synchronizer.snapshot import Endpoint
from tests.support.schemas import NewForms
from tests.unit.protocol.bus import Message
from tests.unit.protocol.kept import Kept
from tests.unit.protocol.model import KEY

#: Seconds after which a stream of which nothing is heard must be asked about, pauses included.
SILENCE = 2 * 10.0 + LONGEST


#: Stands between two pages of a snapshot, where a watch takes other messages.
BETWEEN = Resynced(cloud=KEY.cloud, type=KEY.type, reason="between two pages")


def _between_pages() -> Iterator[Event]:
    yield BETWEEN


class Caller:
    """Calls the endpoint as the bus does: everything is JSON, and as the schemas say. At times
    nobody answers."""

    def __init__(self, endpoint: Callable[[], Endpoint], forms: NewForms) -> None:
        self._endpoint = endpoint
        self._forms = forms
        self.failing = 0

    def call(
        self,
        method: str,
        *,
        deadline: float | None = None,
        version: str | None = None,
        **arguments: Any,
    ) -> Any:
        arguments = json.loads(json.dumps(arguments))
        self._forms.request(method, arguments)
        # Hypothesis may be ending this example, which is nothing that a server knows of.
        ending = sys.exception()
        try:
            answer = json.loads(json.dumps(getattr(self._endpoint(), method)({}, **arguments)))
        except errors.SynchronizerError as error:
            _apart_from(ending, error)
            self._forms.error(error)
            raise
        self._forms.answer(method, answer)
        if self.failing:
            self.failing -= 1  # it was answered, but the answer never came
            raise errors.NobodyAnswers
        return answer


def _apart_from(ending: BaseException | None, error: BaseException) -> None:
    """The error as if it had not come up while that was handled."""
    link: BaseException | None = error
    while ending is not None and link is not None:
        if link.__context__ is ending:
            link.__context__ = None
        link = link.__context__


class WatchedLive(Live):
    """Checks that what a replica applies is each revision after the one before."""

    def __init__(self) -> None:
        super().__init__(keep_entities=True)
        self.last: int | None = None

    def clear(self) -> None:
        super().clear()
        self.last = None

    def apply(self, change: Change, entity: Entity | None, *, repaired: bool = False) -> Applied:
        if not repaired:
            assert self.last is None or change.revision == self.last + 1, (
                f"revision {change.revision} was applied after {self.last}"
            )
            self.last = change.revision
        return super().apply(change, entity, repaired=repaired)


class Consumer:
    """A consumer with its database, in which it saves what an event does and the token that
    stands for it at once. Its process can die after any event; the database stays.

    `spoiled`: what it holds was changed behind its back, and it has not noticed yet.
    """

    def __init__(
        self,
        caller: Caller,
        clock: Callable[[], float],
        replica: type[Replica] = Replica,
        follower: type[Follower] = Follower,
    ) -> None:
        self.kept = Kept()
        self.dies_after = 0
        self._caller = caller
        self._clock = clock
        self._make_replica = replica
        self._make_follower = follower
        self._begin(Positions(), resumed=False)

    def resume(self) -> None:
        """Another process goes on with what was saved."""
        self.dies_after = 0
        token = self.kept.token
        positions = Positions() if token is None else Positions.from_token(token)
        self._begin(positions, resumed=token is not None)

    def _begin(self, positions: Positions, *, resumed: bool) -> None:
        self.spoiled = False  # it notices at once, by its token
        self._positions = positions
        self._follower = self._make_follower(
            KEY,
            Requests(self._caller, 1.0),
            positions=positions,
            resumed=resumed,
            clock=self._clock,
        )
        self._live = WatchedLive()
        self.replica = self._make_replica(keep_entities=True, jitter=lambda: 1.0)
        self.replica.live = self._live
        self._follower.replica = self.replica
        self._follower.resume()
        self._walk: Iterator[Event] | None = None
        self._sign = self._clock()

    # --- what it does -----------------------------------------------------

    def hear(self, message: Message) -> None:
        self._sign = self._clock()
        self._apply(self._follower.hear(*message))
        self._look()

    def work(self) -> None:
        """Ask what is to be asked; of a snapshot, read one page more."""
        if self._walk is None:
            self._walk = self._follower.work(_between_pages)
        for event in self._walk:
            if event is BETWEEN:
                return
            if not self._apply(iter((event,))):
                return
        self._walk = None
        self._look()
        if self.replica.following:
            assert self._live.last in (None, self.replica.revision)
            self._live.last = self.replica.revision
            self._sign = self._clock()

    @property
    def is_reading(self) -> bool:
        """Between two pages of a snapshot."""
        return self._walk is not None

    def spoil(self, *, drop: bool) -> None:
        """What it holds of one entity is lost, or becomes another state."""
        if not self.replica.following or not self._live or not self.kept.is_whole:
            return
        self.spoiled = self.kept.spoiled = True
        id_ = min(self._live.fingerprints)
        if drop:
            self._live.drop(id_)
            self.kept.spoil(id_, None)
        else:
            entity = {"id": id_, "value": -1}
            self._live.put(id_, bytes(16), entity)
            self.kept.spoil(id_, entity)
        # As if it had been told so, and the token been saved with it.
        assert self.replica.epoch is not None
        place = Position(self.replica.epoch, self.replica.revision, self._live.digest)
        self._positions.put(KEY, place)
        self.kept.token = self._positions.to_token()

    def _apply(self, events: Iterator[Event]) -> bool:
        """False: its process has died of it."""
        for event in events:
            self.kept.take(event, self._positions.to_token())
            if self.dies_after:
                self.dies_after -= 1
                if not self.dies_after:
                    self.resume()
                    return False
        return True

    def _look(self) -> None:
        self.spoiled = self.spoiled and self.replica.following

    # --- what it must be --------------------------------------------------

    @property
    def entities(self) -> dict[str, Entity]:
        return self.kept.copy.of(KEY.cloud, KEY.type)

    def check_attention(self) -> None:
        """Who hears nothing for long asks; and who waits knows until when."""
        now, replica = self._clock(), self.replica
        if self.is_reading:
            return
        assert (replica.question(now) is not None) == (replica.wakes_at() <= now)
        assert replica.wakes_at() <= now + SILENCE, "it may wait for ever"
        if replica.following and now >= self._sign + SILENCE:
            assert replica.question(now) is not None, "silence is not noticed"

    def check_noticed(self, message: Message) -> None:
        """After a bookmark: it stands where the bookmark does, or knows that it does not."""
        kind, told = message
        replica = self.replica
        if not kind.endswith(".bookmark") or self.is_reading or not replica.following:
            return
        here = (replica.epoch, replica.revision)
        if here == (told["epoch"], told["revision"]):
            agrees = replica.live.agrees(told["count"], int(told["digest"], 16))
            assert agrees, "another digest is not noticed"
        elif replica.epoch != told["epoch"] or replica.revision < told["revision"]:
            soon = self._clock() + LONGEST
            assert replica.wakes_at() <= soon, "a loss is not noticed"
