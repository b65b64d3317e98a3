# SPDX-License-Identifier: Apache-2.0
"""Whatever a watch tells, the mirror, its indexes and its handlers agree with it."""

import threading
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from synchronizer.client import Copy, Event, Mirror
from synchronizer.fingerprint import encode
from synchronizer.model import Entity, StreamKey
from tests.unit.client.mirror.conftest import settle
from tests.unit.client.mirror.script import (
    PATIENCE,
    SERVERS,
    Script,
    Told,
    added,
    deleted,
    packed,
    resynced,
    synced,
    updated,
)

STREAMS = (SERVERS, StreamKey("c2", "nova.server"), StreamKey("c1", "cinder.volume"))
IDS = ("a", "b", "c", "d")

#: Of which stream, what (None: it is gone; a text: it is got again) and of which entity.
Step = tuple[int, str, int | None]
steps = st.lists(
    st.tuples(
        st.integers(0, len(STREAMS) - 1),
        st.sampled_from([*IDS, "resynced", "synced"]),
        st.none() | st.integers(0, 2),
    ),
    max_size=60,
)


def key(entity: Entity) -> tuple[object, ...]:
    return ("value", entity["value"])


class Teller:
    """Makes of steps what a watch might tell."""

    def __init__(self) -> None:
        self.copy = Copy()
        self.revision = 0

    def events(self, step: Step) -> list[Event]:
        number, what, value = step
        stream = STREAMS[number]
        self.revision += 1
        event = self._event(stream, what, value)
        if event is not None:
            self.copy.apply(event)
        return [] if event is None else [event]

    def _event(self, stream: StreamKey, what: str, value: int | None) -> Event | None:
        held = self.copy.entities.get(stream, {})
        if what == "resynced":
            return resynced(stream=stream) if stream in self.copy.entities else None
        if what == "synced":
            return None if stream in self.copy.synced else synced(self.revision, stream)
        if value is None:
            return deleted(what, self.revision, stream) if what in held else None
        if what not in held:
            tell: Callable[..., Event] = added if stream in self.copy.synced else packed
        else:
            tell = updated
        return tell(what, self.revision, stream, value=value)


@settings(max_examples=150, deadline=None)
@given(steps, st.integers(0, 60))
def test_a_mirror_its_indexes_and_its_handlers_agree_with_the_events(
    script_of: list[Step], late_at: int
) -> None:
    script, teller = Script(), Teller()
    script.streams = STREAMS
    whole: dict[StreamKey, dict[str, Entity]] = {}
    with Mirror(script, ["nova.*", "cinder.*"], indexes={"value": key}) as mirror:
        early, late = Told(), Told()
        mirror.subscribe(added=early, updated=early, deleted=early)
        for number, step in enumerate(script_of):
            if number == late_at:
                mirror.subscribe(added=late, updated=late, deleted=late)
            script.tell(*teller.events(step))
            for stream in teller.copy.synced:
                whole[stream] = dict(teller.copy.entities[stream])
            for stream in STREAMS:
                listed = mirror.list(stream.type, stream.cloud)
                assert {e["id"]: e for e in listed} == whole.get(stream, {})
            for value in range(3):
                expected = [
                    entity for held in whole.values() for entity in held.values()
                    if entity["value"] == value
                ]  # fmt: skip
                found = mirror.by("value", ("value", value))
                assert sorted(map(encode, found)) == sorted(map(encode, expected))
                assert (("value", value) in mirror.keys("value")) == bool(expected)
        settle(mirror)
        all_ = {(s, id_): entity for s, held in whole.items() for id_, entity in held.items()}
        assert early.folded() == all_
        if late_at < len(script_of):
            assert late.folded() == all_


def test_readers_never_see_half_of_a_change_of_contents() -> None:
    script = Script()
    wrong: list[str] = []
    done = threading.Event()

    def read(look: Callable[[], list[Entity]]) -> None:
        while not done.is_set():
            generations = {entity["generation"] for entity in look()}
            if len(generations) != 1:
                wrong.append(f"{generations}")

    with Mirror(script, ["nova.server"], indexes={"all": lambda _: "all"}) as mirror:
        looks: list[Callable[[], list[Entity]]] = [
            lambda: mirror.list("nova.server"),
            lambda: mirror.by("all", "all"),
        ]
        script.tell(*(added(f"e{n}", generation=0) for n in range(50)), synced())
        readers = [threading.Thread(target=read, args=(look,)) for look in looks]
        for reader in readers:
            reader.start()
        for generation in range(1, 40):
            count = 50 + generation % 7
            again = [added(f"e{n}", generation, generation=generation) for n in range(count)]
            script.tell(resynced(), *again, synced(generation))
        done.set()
        for reader in readers:
            reader.join(PATIENCE)
        assert wrong == []
        assert len(mirror.list("nova.server")) == 50 + 39 % 7
