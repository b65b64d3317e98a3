# SPDX-License-Identifier: Apache-2.0
"""What of an image is kept, what of it vouches, and which notifications speak of images."""

import json

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from synchronizer.plugin import Hint
from synchronizer_plugins.glance.images import changed_since, with_sorted_tags
from synchronizer_plugins.glance.notifications import hints
from synchronizer_plugins.glance.visibility import vouches

ID = "7da098c3-80b3-44d1-bd62-14465de0c868"


@given(st.lists(st.text(), unique=True), st.text())
def test_tags_are_sorted_and_nothing_else_is_touched(tags: list[str], name: str) -> None:
    image = {"name": name, "tags": tags, "id": ID, "size": 10**20, "property": '"tags": []'}
    text = json.dumps(image).encode()
    assert json.loads(bytes(with_sorted_tags(text))) == {**image, "tags": sorted(tags)}


def test_what_is_in_order_keeps_its_bytes() -> None:
    for tags in ([], ["a"], ["a", "b"]):
        text = msgspec.Raw(json.dumps({"id": ID, "tags": tags}).encode())
        assert with_sorted_tags(text) is text


def test_what_is_no_image_is_handed_on_as_it_is() -> None:
    for text in (b"[]", b"{}", b'{"tags": 1}', b'{"tags": [1]}', b"\xff"):
        assert with_sorted_tags(text) == text


def test_only_what_others_keep_to_themselves_vouches() -> None:
    for visibility, expected in {
        "private": True,
        "shared": True,
        "community": False,
        "public": False,
    }.items():
        assert vouches({"owner": "p2", "visibility": visibility}, "p1") is expected
        assert not vouches({"owner": "p1", "visibility": visibility}, "p1")
        assert not vouches({"owner": None, "visibility": visibility}, "p1")


def test_an_instant_is_in_whole_seconds_rounded_down() -> None:
    assert changed_since(1_767_225_599_999_999) == {"updated_at": "gte:2025-12-31T23:59:59Z"}


def test_each_event_of_an_image_names_it() -> None:
    payload = {"id": ID, "owner": "p2", "status": "active", "properties": {"id": "no"}}
    for event in ("create", "prepare", "upload", "activate", "update"):
        assert list(hints(f"image.{event}", payload)) == [Hint("glance.image", ID)]
    assert list(hints("image.delete", payload)) == [Hint("glance.image", ID, deleted=True)]


def test_downloads_members_tasks_and_definitions_are_of_no_interest() -> None:
    for event in ("image.send", "image.member.update", "task.success", "metadef_object.create"):
        assert list(hints(event, {"id": ID, "image_id": ID})) == []


def test_an_event_without_an_id_names_nothing() -> None:
    for payload in ({}, {"id": None}, {"id": ""}, {"id": 7}):
        assert list(hints("image.update", payload)) == []
