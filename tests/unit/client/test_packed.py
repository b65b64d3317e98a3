# SPDX-License-Identifier: Apache-2.0
"""Entities that are kept as the texts in which they came."""

import base64
import json
import zlib
from typing import Any

import pytest

from synchronizer import errors
from synchronizer.client import Added, answers
from synchronizer.client.packed import Packed
from synchronizer.client.requests import Requests
from synchronizer.client.snapshot import Snapshot
from synchronizer.model import StreamKey


def item(id_: str, entity: str) -> str:
    return (
        f'{{"id": "{id_}", "revision": 1, "fingerprint": "xxh3:{"0" * 32}", '
        f'"sampled_at": "2026-01-02T03:04:05.678901Z", "entity": {entity}'
        + (', "oversized": true}' if entity == "null" else "}")
    )


def page(*items: str) -> dict[str, Any]:
    text = f"[{', '.join(items)}]".encode()
    return {
        "cloud": "c1",
        "type": "nova.server",
        "epoch": "e",
        "revision": 1,
        "count": len(items),
        "digest": "0" * 32,
        "listed_at": None,
        "held": 0,
        "encoding": "zlib",
        "entities": base64.b64encode(zlib.compress(text)).decode(),
        "cursor": None,
    }


class Server:
    """Answers get_all with one page, and get with the entity that was too big for it."""

    def call(self, method: str, **_: Any) -> Any:
        if method == "get_all":
            return page(item("small", '{"b": 1,  "a": 2}'), item("big", "null"))
        entity = {"id": "big"}
        known = {"cloud": "c1", "type": "nova.server", "epoch": "e", "id": "big", "revision": 1}
        print_ = "xxh3:" + "0" * 32
        told = {"op": "create", "fingerprint": print_, "sampled_at": "2026-01-02T03:04:05.678901Z"}
        return {**known, **told, "changed": [], "entity": entity}


def test_a_packed_event_is_an_added_one() -> None:
    event = Packed(StreamKey("c1", "nova.server"), "a", 3, 4, b'{"id": "a", "tags": []}')
    plain = Added(
        cloud="c1",
        type="nova.server",
        id="a",
        revision=3,
        sampled_at=4,
        entity={"id": "a", "tags": []},
    )
    for name in ("cloud", "type", "stream", "id", "revision", "sampled_at", "repaired", "entity"):
        assert getattr(event, name) == getattr(plain, name)
    assert isinstance(event, Added)
    assert event.entity is not event.entity


def test_texts_are_what_was_sent() -> None:
    (found,) = answers.page(page(item("a", '{"b": 1,  "a": 2}')), packed=True).items
    assert (found.text, found.entity) == (b'{"b": 1,  "a": 2}', None)
    (found,) = answers.page(page(item("a", '{"b": 1,  "a": 2}'))).items
    assert (found.text, found.entity) == (None, json.loads('{"b": 1, "a": 2}'))


@pytest.mark.parametrize("packed", [True, False])
def test_what_is_not_an_object_is_no_entity(packed: bool) -> None:
    with pytest.raises(errors.BadMessage):
        list(answers.page(page(item("a", "[1]")), packed=packed).items)


def test_what_was_too_big_for_its_page_comes_decoded() -> None:
    snapshot = Snapshot(Requests(Server(), 1), "nova.server", "c1", packed=True)
    (items,) = snapshot.pages()
    small, big = items
    assert (small.text, small.entity) == (b'{"b": 1,  "a": 2}', None)
    assert (big.text, big.entity) == (None, {"id": "big"})
