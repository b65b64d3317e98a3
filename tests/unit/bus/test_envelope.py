# SPDX-License-Identifier: Apache-2.0
import copy
import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synchronizer import errors
from synchronizer.bus import envelope
from synchronizer.model import Bookmark, Change, ChangeSet

instants = st.integers(min_value=0, max_value=253_402_300_799_999_999)
fingerprints = st.binary(min_size=16, max_size=16)
names = st.text(min_size=1, max_size=20)
entities = st.dictionaries(names, st.none() | st.integers() | names | st.lists(names), max_size=4)
digests = st.integers(min_value=0, max_value=2**128 - 1)


@st.composite
def change_sets(draw: st.DrawFn) -> ChangeSet:
    first = draw(st.integers(min_value=1, max_value=2**62))
    changes = []
    for revision in range(first, first + draw(st.integers(min_value=1, max_value=5))):
        op = draw(st.sampled_from(["create", "update", "delete"]))
        oversized = op != "delete" and draw(st.booleans())
        changes.append(
            Change(
                revision=revision,
                op=op,
                id=draw(names),
                sampled_at=draw(instants),
                fingerprint=None if op == "delete" else draw(fingerprints),
                changed=tuple(draw(st.lists(names, max_size=3))) if op == "update" else (),
                entity=None if op == "delete" or oversized else draw(entities),
                oversized=oversized,
            )
        )
    return ChangeSet(
        cloud="cloud1",
        type="nova.server",
        epoch=draw(names),
        first=first,
        last=changes[-1].revision,
        count=draw(st.integers(min_value=0)),
        digest=draw(digests),
        changes=tuple(changes),
    )


CHANGES = ChangeSet(
    cloud="openstack1",
    type="nova.server",
    epoch="01JD",
    first=41,
    last=42,
    count=1204,
    digest=255,
    changes=(
        Change(41, "update", "9f1c", 1767323045678901, b"\x01" * 16, ("status",), {"id": "9f1c"}),
        Change(42, "delete", "77aa", 0, None),
    ),
)
WIRE: dict[str, Any] = {
    "schema": 1,
    "cloud": "openstack1",
    "type": "nova.server",
    "epoch": "01JD",
    "first": 41,
    "last": 42,
    "count": 1204,
    "digest": "000000000000000000000000000000ff",
    "changes": [
        {
            "revision": 41,
            "op": "update",
            "id": "9f1c",
            "sampled_at": "2026-01-02T03:04:05.678901Z",
            "fingerprint": "xxh3:01010101010101010101010101010101",
            "changed": ["status"],
            "entity": {"id": "9f1c"},
        },
        {
            "revision": 42,
            "op": "delete",
            "id": "77aa",
            "sampled_at": "1970-01-01T00:00:00.000000Z",
            "fingerprint": None,
            "changed": [],
            "entity": None,
        },
    ],
}
BOOKMARK = Bookmark("c1", "nova.server", "e1", 42, 7, 1, 1767323045678901, 20.0, "n1")


def test_a_change_set_has_the_form_of_the_wire_contract() -> None:
    assert envelope.change_set_to_wire(CHANGES) == WIRE
    assert envelope.change_set_from_wire(WIRE) == CHANGES


@given(change_sets())
def test_a_change_set_survives_the_wire(changes: ChangeSet) -> None:
    wire = json.loads(json.dumps(envelope.change_set_to_wire(changes)))
    assert envelope.change_set_from_wire(wire) == changes


def test_entities_may_come_as_json_bytes() -> None:
    change = dataclasses.replace(CHANGES.changes[0], entity=b'{"id": "9f1c"}')
    assert envelope.change_to_wire(change)["entity"] == {"id": "9f1c"}


@given(instants)
def test_an_instant_survives_the_wire(instant: int) -> None:
    text = envelope.instant_to_wire(instant)
    assert len(text) == 27
    assert text.endswith("Z")
    assert envelope.instant_from_wire(text) == instant


@pytest.mark.parametrize("nonce", [None, "n1"])
@pytest.mark.parametrize("listed_at", [None, 5])
def test_a_bookmark_survives_the_wire(nonce: str | None, listed_at: int | None) -> None:
    bookmark = dataclasses.replace(BOOKMARK, nonce=nonce, listed_at=listed_at)
    wire = envelope.bookmark_to_wire(bookmark)
    assert ("nonce" in wire) == (nonce is not None)
    assert envelope.bookmark_from_wire(json.loads(json.dumps(wire))) == bookmark


def test_unknown_keys_are_ignored() -> None:
    wire = copy.deepcopy(WIRE)
    wire["new"] = wire["changes"][0]["new"] = {"from": "a later version"}
    assert envelope.change_set_from_wire(wire) == CHANGES


def _changed(path: list[Any], value: Any) -> dict[str, Any]:
    wire = copy.deepcopy(WIRE)
    inner: Any = wire
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return wire


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (["schema"], 2, "schema: 2 is not known"),
        (["schema"], None, "schema"),
        (["cloud"], "a.b", "cannot name a cloud"),
        (["type"], "nova", "cannot name an entity type"),
        (["epoch"], 5, "epoch: not a text"),
        (["first"], 40, "do not go from 40 to 42"),
        (["first"], True, "first: not an integer"),
        (["last"], 43, "do not go from 41 to 43"),
        (["count"], -1, "count"),
        (["digest"], "ff", "digest"),
        (["digest"], " " * 32, "digest"),
        (["changes"], [], "do not go"),
        (["changes"], {}, "changes: not a list"),
        (["changes", 0], [], "change is not an object"),
        (["changes", 0, "op"], "upsert", "op: not one of"),
        (["changes", 0, "id"], "", "id: not a text"),
        (["changes", 0, "sampled_at"], "yesterday", "sampled_at"),
        (["changes", 0, "sampled_at"], "2026-01-02T03:04:05", "no offset"),
        (["changes", 0, "fingerprint"], None, "fingerprint"),
        (["changes", 0, "fingerprint"], "01" * 16, "fingerprint"),
        (["changes", 0, "changed"], [1], "changed"),
        (["changes", 0, "entity"], None, "entity: missing"),
        (["changes", 0, "entity"], [1], "entity: not an object"),
        (["changes", 0, "oversized"], 1, "oversized"),
        (["changes", 1, "entity"], {"id": "77aa"}, "present in a delete"),
    ],
)
def test_what_is_wrong_with_a_change_set_is_said(path: list[Any], value: Any, says: str) -> None:
    with pytest.raises(errors.BadMessage, match=says):
        envelope.change_set_from_wire(_changed(path, value))


@pytest.mark.parametrize("key", sorted(WIRE))
def test_a_missing_key_is_named(key: str) -> None:
    wire = {name: value for name, value in WIRE.items() if name != key}
    with pytest.raises(errors.BadMessage, match=f"{key}: missing"):
        envelope.change_set_from_wire(wire)


def test_a_gap_inside_a_change_set_is_refused() -> None:
    wire = _changed(["changes"], [{**WIRE["changes"][0], "revision": r} for r in (41, 43, 42)])
    with pytest.raises(errors.BadMessage, match="gap"):
        envelope.change_set_from_wire(wire)


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), 10**400, "10", None, True])
def test_a_bookmark_must_say_when_the_next_comes(value: Any) -> None:
    wire = {**envelope.bookmark_to_wire(BOOKMARK), "next_within": value}
    with pytest.raises(errors.BadMessage, match="next_within"):
        envelope.bookmark_from_wire(wire)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_nonsense_is_a_bad_message_and_nothing_else(value: Any) -> None:
    for decode in (envelope.change_set_from_wire, envelope.bookmark_from_wire):
        with pytest.raises(errors.BadMessage):
            decode(value)
