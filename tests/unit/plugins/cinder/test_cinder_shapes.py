# SPDX-License-Identifier: Apache-2.0
"""Ids for what has none, and what else is told without asking Cinder."""

import msgspec
import pytest

from synchronizer.plugin.openstack import Answer
from synchronizer_plugins.cinder import changes, shapes
from synchronizer_plugins.cinder.notfound import says_not_found

DEAD = "00000000-0000-4000-8000-00000000dead"


def test_a_service_is_known_by_binary_and_host() -> None:
    text = b'{"binary": "cinder-volume", "host": "n1@lvm", "updated_at": null, "state": "up"}'
    expected = {"id": "cinder-volume:n1@lvm", **msgspec.json.decode(text)}
    assert msgspec.json.decode(shapes.service(text)) == expected


def test_a_pool_is_known_by_its_name_and_its_time_stands_apart() -> None:
    text = b'{"name": "n1@lvm#p", "capabilities": {"free_capacity_gb": 3, "timestamp": "now"}}'
    assert msgspec.json.decode(shapes.pool(text)) == {
        "id": "n1@lvm#p",
        "name": "n1@lvm#p",
        "capabilities": {"free_capacity_gb": 3},
        "timestamp": "now",
    }


@pytest.mark.parametrize("capabilities", [b"null", b'{"free_capacity_gb": 3}', b"7"])
def test_a_pool_that_tells_no_time_keeps_its_capabilities(capabilities: bytes) -> None:
    text = b'{"name": "n1@lvm#p", "capabilities": ' + capabilities + b"}"
    expected = {"id": "n1@lvm#p", **msgspec.json.decode(text)}
    assert msgspec.json.decode(shapes.pool(text)) == expected


@pytest.mark.parametrize(
    "text", [b"{}", b"[]", b'{"binary": 7, "host": "x", "name": []}', b"\xff", b'{"name": "\xff"}']
)
def test_what_has_no_name_is_left_as_it_is(text: bytes) -> None:
    assert shapes.service(text) == text
    assert shapes.pool(text) == text


def test_instants_are_rounded_down_to_seconds() -> None:
    assert changes.updated_since(1_700_000_000_999_999) == {
        "updated_at": "gte:2023-11-14T22:13:20Z"
    }
    assert changes.created_since(0) == {"created_at": "gte:1970-01-01T00:00:00Z"}


def answer(body: bytes) -> Answer:
    return Answer("GET /volumes/x", 404, {}, body, None)


def test_cinders_404_names_the_entity() -> None:
    body = f'{{"itemNotFound": {{"code": 404, "message": "Volume {DEAD} could not be found."}}}}'
    assert says_not_found(answer(body.encode()), DEAD)
    assert not says_not_found(answer(body.encode()), DEAD.replace("d", "e"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Not Found</html>",
        b'{"itemNotFound": {"code": 404}}',
        b'{"itemNotFound": {"code": 400, "message": "00000000-0000-4000-8000-00000000dead"}}',
        b'{"code": 404, "message": "00000000-0000-4000-8000-00000000dead"}',
        b'{"itemNotFound": {"code": 404, "message": "\xff"}}',
        b"[" * 100_000,
    ],
)
def test_whatever_else_is_not_cinders_404(body: bytes) -> None:
    assert not says_not_found(answer(body), DEAD)
