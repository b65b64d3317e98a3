# SPDX-License-Identifier: Apache-2.0
"""A consumer made of the client's real parts: follower, replica, requests and copy."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from synchronizer import errors
from synchronizer.client.copy import Copy
from synchronizer.client.events import Event, Resynced
from synchronizer.client.follower import Follower
from synchronizer.client.live import Applied, Live
from synchronizer.client.pace import LONGEST
from synchronizer.client.replica import Replica
from synchronizer.client.requests import Requests
from synchronizer.model import Change, Entity
from synchronizer.snapshot import Endpoint
from tests.support.schemas import NewForms
from tests.unit.protocol.bus import Message
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

    def call(self, method: str, *, deadline: float | None = None, **arguments: Any) -> Any:
        arguments = json.loads(json.dumps(arguments))
        self._forms.request(method, arguments)
        try:
            answer = json.loads(json.dumps(getattr(self._endpoint(), method)({}, **arguments)))
        except errors.SynchronizerError as error:
            self._forms.error(error)
            raise
        self._forms.answer(method, answer)
        if self.failing:
            self.failing -= 1  # it was answered, but the answer never came
            raise errors.NobodyAnswers
        return answer


class WatchedLive(Live):
    """Checks that what a replica applies is each revision after the one before."""

    def __init__(self) -> None:
        super().__init__(keep_entities=True)
        self.last: int | None = None

    def clear(self) -> None:
        super().clear()
        self.last = None

    def apply(self, change: Change, entity: Entity | None) -> Applied:
        assert self.last is None or change.revision == self.last + 1, (
            f"revision {change.revision} was applied after {self.last}"
        )
        self.last = change.revision
        return super().apply(change, entity)


class Consumer:
    """One process of a consumer, from its start on."""

    def __init__(
        self, caller: Caller, clock: Callable[[], float], make: type[Replica] = Replica
    ) -> None:
        self.copy = Copy()
        self._clock = clock
        self._follower = Follower(KEY, Requests(caller, 1.0), clock=clock)
        self._live = WatchedLive()
        self.replica = make(keep_entities=True, jitter=lambda: 1.0)
        self.replica.live = self._live
        self._follower.replica = self.replica
        self._walk: Iterator[Event] | None = None
        self._sign = clock()

    # --- what it does -----------------------------------------------------

    def hear(self, message: Message) -> None:
        self._apply(self._follower.hear(*message))
        self._sign = self._clock()

    def work(self) -> None:
        """Ask what is to be asked; of a snapshot, read one page more."""
        if self._walk is None:
            self._walk = self._follower.work(_between_pages)
        for event in self._walk:
            if event is BETWEEN:
                return
            self._apply(iter((event,)))
        self._walk = None
        if self.replica.following:
            assert self._live.last in (None, self.replica.revision)
            self._live.last = self.replica.revision
            self._sign = self._clock()

    @property
    def is_reading(self) -> bool:
        """Between two pages of a snapshot."""
        return self._walk is not None

    def _apply(self, events: Iterator[Event]) -> None:
        for event in events:
            self.copy.apply(event)

    # --- what it must be --------------------------------------------------

    @property
    def entities(self) -> dict[str, Entity]:
        return self.copy.of(KEY.cloud, KEY.type)

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
