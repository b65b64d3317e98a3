# SPDX-License-Identifier: Apache-2.0
"""What a mirror serves, and what it tells."""

import dataclasses
from typing import Any

import pytest

from synchronizer import errors
from synchronizer.client import Added, Deleted, Mirror, Updated, Verified
from synchronizer.model import StreamKey
from tests.unit.client.mirror.conftest import settle
from tests.unit.client.mirror.script import (
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

ELSEWHERE = StreamKey("c2", "nova.server")
VOLUMES = StreamKey("c1", "cinder.volume")


def test_a_mirror_watches_patiently_what_it_is_made_for(script: Script) -> None:
    Mirror(script, ["nova.server"], cloud="c1")
    assert script.asked == [(["nova.server"], "c1", True)]


def test_a_stream_is_served_from_when_it_is_whole(
    script: Script, mirror: Mirror, told: Told
) -> None:
    script.tell(added("a", 1), added("b", 2))
    assert (len(mirror), mirror.list("nova.server"), mirror.has_synced()) == (0, [], False)
    script.tell(synced(2))
    assert mirror.list("nova.server") == [{"id": "a"}, {"id": "b"}]
    assert mirror.get("nova.server", "b") == {"id": "b"}
    assert mirror.get("nova.server", "c") is None
    assert mirror.ids("nova.server") == ["a", "b"]
    assert (len(mirror), mirror.has_synced("nova.server")) == (2, True)
    settle(mirror)
    assert told.events == [added("a", 1), added("b", 2)]


def test_a_stream_without_entities_becomes_whole_too(script: Script, mirror: Mirror) -> None:
    assert not mirror.wait_synced(0)
    script.tell(synced())
    assert mirror.wait_synced(0)
    assert mirror.list("nova.server") == []


def test_a_snapshot_is_kept_as_it_comes(script: Script, mirror: Mirror, told: Told) -> None:
    script.tell(packed("a", 1, status="UP"), packed("b", 2, status="UP"), synced(2))
    assert mirror.by("status", "UP") == mirror.list("nova.server")
    script.tell(resynced(), added("a", 1, status="UP"), packed("b", 3, status="DOWN"), synced(3))
    assert mirror.keys("status") == ["UP", "DOWN"]
    settle(mirror)
    assert told.events[:2] == [added("a", 1, status="UP"), added("b", 2, status="UP")]
    assert [event.id for event in told.events[2:]] == ["b"]


def test_what_happens_is_served_and_told_with_the_old_state(
    script: Script, mirror: Mirror, told: Told
) -> None:
    script.tell(added("a", 1, n=1), synced(1))
    script.tell(updated("a", 2, n=2), added("b", 3), deleted("a", 4))
    assert mirror.list("nova.server") == [{"id": "b"}]
    settle(mirror)
    was, became, came, went = told.events
    assert (was, came) == (added("a", 1, n=1), added("b", 3))
    assert became == dataclasses.replace(updated("a", 2, n=2), old={"id": "a", "n": 1})
    assert went == dataclasses.replace(deleted("a", 4), old={"id": "a", "n": 2})


def test_while_a_stream_is_got_again_the_old_is_served_and_then_all_of_the_new(
    script: Script, mirror: Mirror, told: Told
) -> None:
    script.tell(added("stays", 1), added("goes", 2, x=1), added("changes", 3, x=1, y=2), synced(3))
    before = mirror.list("nova.server")
    script.tell(resynced(), added("comes", 4), added("changes", 5, x=1, y=3), added("stays", 6))
    assert mirror.list("nova.server") == before
    assert mirror.has_synced()
    script.tell(synced(9))
    assert mirror.ids("nova.server") == ["comes", "changes", "stays"]
    settle(mirror)
    gone, came, changed = told.events[3:]
    assert isinstance(gone, Deleted) and isinstance(came, Added) and isinstance(changed, Updated)
    assert (gone.id, gone.old, gone.revision, gone.sampled_at) == (
        "goes",
        {"id": "goes", "x": 1},
        9,
        7,
    )
    assert (came.id, came.revision) == ("comes", 4)
    assert changed.old == {"id": "changes", "x": 1, "y": 2}
    assert changed.new == {"id": "changes", "x": 1, "y": 3}
    assert (changed.changed, changed.revision, changed.repaired) == (("y",), 5, True)


def test_a_stream_that_is_got_again_twice_is_told_once(
    script: Script, mirror: Mirror, told: Told
) -> None:
    script.tell(added("a"), added("half"), resynced("again"), added("a"), synced())
    script.tell(resynced(), added("also half"), resynced(), added("a"), added("b"), synced())
    settle(mirror)
    assert [event.id for event in told.events] == ["a", "b"]


@pytest.mark.parametrize(
    ("before", "after", "differs"),
    [
        ({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1}, False),
        ({"a": 1}, {"a": True}, True),
        ({"a": None}, {}, True),
        ({"a": [1, 2]}, {"a": [2, 1]}, True),
    ],
)
def test_a_difference_is_one_of_json(
    script: Script,
    mirror: Mirror,
    told: Told,
    before: dict[str, Any],
    after: dict[str, Any],
    differs: bool,
) -> None:
    script.tell(added("x", **before), synced(), resynced(), added("x", **after), synced())
    settle(mirror)
    assert len(told.events) == 1 + differs
    if differs:
        assert isinstance(told.events[1], Updated) and told.events[1].changed == ("a",)


def test_what_is_repaired_is_told_as_the_difference_that_it_makes(
    script: Script, mirror: Mirror, told: Told
) -> None:
    script.tell(added("a", 1, x=1, y=1), added("b", 2), synced(2))
    again = dataclasses.replace(added("a", 2, x=1, y=2), repaired=True)
    same = dataclasses.replace(updated("b", 2), repaired=True)
    unknown = dataclasses.replace(updated("c", 2, x=1), repaired=True)
    script.tell(again, same, unknown, deleted("never known", 2))
    settle(mirror)
    fixed, found = told.events[2:]
    assert isinstance(fixed, Updated) and fixed.repaired and fixed.changed == ("y",)
    assert isinstance(found, Added) and found.repaired and found.id == "c"


def test_what_is_given_is_the_callers_own(script: Script, mirror: Mirror, told: Told) -> None:
    other = Told()
    mirror.subscribe(added=other)
    script.tell(added("a", 1, tags=["x"]), synced())
    for entity in (mirror.get("nova.server", "a"), *mirror.list("nova.server")):
        assert entity is not None
        entity["tags"].append("mine")
    settle(mirror)
    assert isinstance(told.events[0], Added)
    told.events[0].entity["tags"].clear()
    assert other.events == [added("a", 1, tags=["x"])]
    assert mirror.get("nova.server", "a") == {"id": "a", "tags": ["x"]}


def test_several_clouds_and_types_are_told_apart(script: Script, mirror: Mirror) -> None:
    script.streams = (SERVERS, ELSEWHERE, VOLUMES)
    script.tell(
        added("x", 1, of="c1"), added("x", 1, ELSEWHERE, of="c2"), added("v", 1, VOLUMES),
        synced(), synced(1, VOLUMES),
    )  # fmt: skip
    assert mirror.has_synced("nova.server", "c1") and mirror.has_synced("cinder.volume")
    assert not mirror.has_synced("nova.server") and not mirror.has_synced()
    script.tell(synced(1, ELSEWHERE))
    assert mirror.has_synced()
    assert [entity["of"] for entity in mirror.list("nova.server")] == ["c1", "c2"]
    assert mirror.list("nova.server", "c2") == [{"id": "x", "of": "c2"}]
    assert mirror.get("nova.server", "x", "c1") == {"id": "x", "of": "c1"}
    assert mirror.get("cinder.volume", "v") == {"id": "v"}
    with pytest.raises(errors.BadRequest, match=r"say of which cloud: nova.server is of c1, c2"):
        mirror.get("nova.server", "x")


def test_a_type_that_is_not_mirrored_is_an_error_once_that_is_known(
    script: Script, mirror: Mirror
) -> None:
    with pytest.raises(errors.UnknownType, match=r"'nova.servr' is not in this mirror"):
        mirror.list("nova.servr")
    with pytest.raises(errors.UnknownType, match=r"'c9/nova.server'.*there are: c1/nova.server"):
        mirror.get("nova.server", "x", "c9")
    script.streams = ()
    assert mirror.list("nova.servr") == []
    assert mirror.get("nova.servr", "x") is None
    assert not mirror.has_synced("nova.servr")


def test_verifying_is_left_to_the_watch(script: Script, mirror: Mirror) -> None:
    found = {SERVERS: Verified("e", 1, 0, 0, False)}
    script.verified.set_result(found)
    assert mirror.verify(60) == found


def test_verifying_ends_with_the_mirror(script: Script, mirror: Mirror) -> None:
    script.verified.cancel()
    with pytest.raises(errors.BadRequest, match="closed meanwhile"):
        mirror.verify(60)
