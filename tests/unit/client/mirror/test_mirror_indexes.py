# SPDX-License-Identifier: Apache-2.0
"""Finding entities by the keys that functions give them, and by their fields."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synchronizer import errors
from synchronizer.client import Mirror
from synchronizer.client.mirror.table import encode
from synchronizer.client.mirror.where import chosen
from synchronizer.model import Entity, StreamKey
from synchronizer.snapshot.filters import Question
from tests.unit.client.mirror.script import Script, added, deleted, resynced, synced, updated

VOLUMES = StreamKey("c1", "cinder.volume")


def test_an_index_follows_the_entities(script: Script, mirror: Mirror) -> None:
    script.tell(added("a", 1, status="UP"), added("b", 2, status="UP"), synced(2))
    assert [entity["id"] for entity in mirror.by("status", "UP")] == ["a", "b"]
    script.tell(updated("a", 3, status="DOWN"))
    assert mirror.by("status", "DOWN") == [{"id": "a", "status": "DOWN"}]
    assert sorted(mirror.keys("status")) == ["DOWN", "UP"]
    script.tell(deleted("b", 4))
    assert (mirror.by("status", "UP"), mirror.keys("status")) == ([], ["DOWN"])
    script.tell(resynced(), added("a", 3, status="DOWN"), added("c", 5, status="UP"))
    assert mirror.keys("status") == ["DOWN"]
    script.tell(synced(5), updated("a", 6, status="UP"))
    assert [entity["id"] for entity in mirror.by("status", "UP")] == ["c", "a"]
    assert mirror.keys("status") == ["UP"]


@pytest.mark.parametrize(
    ("function", "keys"),
    [
        (lambda entity: entity["tags"], ["x", "y"]),
        (lambda entity: (tag for tag in [*entity["tags"], "x", None]), ["x", "y"]),
        (lambda entity: {"x": 1}.keys(), ["x"]),
        (lambda entity: frozenset(entity["tags"][:1]), ["x"]),
        (lambda entity: (entity["host"], 1), [("h", 1)]),
        (lambda entity: entity["host"], ["h"]),
        (lambda entity: 7, [7]),
        (lambda entity: False, [False]),
        (lambda entity: None, []),
        (lambda entity: [], []),
    ],
)
def test_a_key_is_one_value_or_an_iterable_of_them(
    script: Script, function: Callable[[Entity], Any], keys: list[Any]
) -> None:
    with Mirror(script, ["nova.server"], indexes={"it": function}) as mirror:
        script.tell(added("a", tags=["x", "y"], host="h"), synced())
        assert mirror.keys("it") == keys
        for key in keys:
            assert [entity["id"] for entity in mirror.by("it", key)] == ["a"]


def test_an_entity_for_which_a_function_fails_is_not_in_that_index(
    script: Script, mirror: Mirror, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        script.tell(added("a", password="s3cret"), added("b", status={}), synced())
        script.tell(added("c", 3, status="UP"))
    assert mirror.ids("nova.server") == ["a", "b", "c"]
    assert mirror.keys("status") == ["UP"]
    assert caplog.text.count("index 'status' fails for a nova.server (KeyError)") == 1
    assert "s3cret" not in caplog.text
    script.tell(updated("a", 4, status="UP"))
    assert [entity["id"] for entity in mirror.by("status", "UP")] == ["c", "a"]


def test_an_index_is_of_all_types_or_of_one(script: Script, mirror: Mirror) -> None:
    script.streams = (*script.streams, VOLUMES)
    script.tell(added("s", status="UP"), added("v", 1, VOLUMES, status="UP"))
    script.tell(added("w", 2, VOLUMES, status="DOWN"), synced(), synced(2, VOLUMES))
    assert [entity["id"] for entity in mirror.by("status", "UP")] == ["s", "v"]
    assert [entity["id"] for entity in mirror.by("status", "UP", "cinder.volume")] == ["v"]
    assert mirror.keys("status", "nova.server") == ["UP"]
    with pytest.raises(errors.BadRequest, match="no index is called 'host'; there are: status"):
        mirror.by("host", "x")


def test_an_index_that_does_not_change_is_not_computed_again(script: Script) -> None:
    computed: list[str] = []

    def key(entity: Entity) -> str:
        computed.append(entity["id"])
        return "key"

    with Mirror(script, ["nova.server"], indexes={"it": key}) as mirror:
        script.tell(added("a"), added("b", 2), synced(2))
        script.tell(resynced(), added("a"), added("b", 3), synced(3))
        assert computed == ["a", "b"]
        assert [entity["id"] for entity in mirror.by("it", "key")] == ["a", "b"]


def test_where_chooses_by_fields_or_by_a_function(script: Script, mirror: Mirror) -> None:
    fields: list[dict[str, Any]] = [{"n": n, "a:b": n % 2} for n in range(4)]
    script.tell(*(added(f"e{n}", n, **fields[n]) for n in range(4)), synced())
    assert mirror.list("nova.server", where={"a:b": 1, "n": [1, 2]}) == [
        {"id": "e1", "n": 1, "a:b": 1}
    ]
    found = mirror.list("nova.server", where=lambda entity: entity["n"] > 2)
    assert [entity["id"] for entity in found] == ["e3"]
    assert len(mirror.list("nova.server", where={})) == 4
    for nonsense in ("status=ACTIVE", {1: 2}):
        with pytest.raises(errors.BadRequest):
            mirror.list("nova.server", where=nonsense)  # type: ignore[arg-type]


values = st.sampled_from([None, True, False, 0, 1, 1.0, "", "a", [], [1], {"x": 1}])
names = st.sampled_from(["a", "b", "a:b", "f0", "id", "ä"])


def matching(entities: list[Entity], where: dict[str, Any]) -> Iterator[Entity]:
    question = Question(None, where)
    return (entity for entity in entities if question.matches(entity))


@given(
    st.lists(st.dictionaries(names, values)),
    st.dictionaries(names, values | st.lists(values, min_size=1)),
)
def test_where_means_what_it_means_to_the_server(
    entities: list[Entity], where: dict[str, Any]
) -> None:
    where = {name: wanted for name, wanted in where.items() if wanted != []}
    assert [*chosen(map(encode, entities), where)] == [*matching(entities, where)]
