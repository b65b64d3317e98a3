# SPDX-License-Identifier: Apache-2.0
"""Notifications and answers, raw from the bus, are as the closed schemas say: all of them, with
every member that may be there and without it."""

import uuid
from collections.abc import Callable
from typing import Any

from synchronizer.ledger import Activity, Hold
from tests.functional.client.service import STREAM, Service, server
from tests.functional.schemas.conftest import UNLISTED
from tests.support.schemas import check, check_notification
from tests.support.wire import Calling, Message, Overheard

#: Too big for an answer of this server, and for a notification of its relay.
BIG = {"id": "big", "text": "\u00e9" * 40_000}
HUGE = {"id": "huge", "text": "x" * 600_000}


def has_change(id_: str, op: str, *, oversized: bool = False) -> Callable[[Message], bool]:
    def told(message: Message) -> bool:
        return any(
            (change["id"], change["op"], "oversized" in change) == (id_, op, oversized)
            for change in message["payload"].get("changes", ())
        )

    return told


def subscribed(calling: Calling, overheard: Overheard) -> None:
    """Until a barrier's bookmark came through: what is sent from now on is heard."""
    while True:
        nonce = f"n-{uuid.uuid4()}"
        calling.answer("barrier", type=STREAM.type, cloud=STREAM.cloud, nonce=nonce)
        if overheard.heard(lambda said, word=nonce: said["payload"].get("nonce") == word, 2.0):
            return


def test_every_notification_is_as_described(
    service: Service, overheard: Overheard, calling: Calling
) -> None:
    service.wait_published()
    subscribed(calling, overheard)
    service.put(server(1), server(2), server(3))
    service.put({**server(1), "status": "ERROR", "new": None})
    service.put(HUGE)
    service.drop("e2")
    service.list_anew(STREAM)
    overheard.wait("a create", has_change("e1", "create"))
    overheard.wait("an update", has_change("e1", "update"))
    overheard.wait("an oversized change", has_change("huge", "create", oversized=True))
    overheard.wait("a delete", has_change("e2", "delete"))
    overheard.wait(
        "a bookmark of what was never listed",
        lambda said: (
            said["payload"]["type"] == UNLISTED.type
            and said["payload"].get("listed_at", "") is None
        ),
    )
    overheard.wait(
        "a bookmark of what was listed",
        lambda said: bool(said["payload"].get("listed_at")) and said["payload"]["count"] == 3,
    )
    for message in list(overheard.messages):
        check("notification", message)
        check_notification(message["event_type"], message["payload"])


def test_every_page_of_a_snapshot_is_as_described(service: Service, calling: Calling) -> None:
    service.fill(12)
    service.put(BIG)
    state = service.ledger.find(STREAM)
    assert state is not None
    asked = {"type": STREAM.type, "cloud": STREAM.cloud}
    for encoding in ("json", "zlib"):
        page = calling.answer("get_all", **asked, limit=5, encoding=encoding)
        assert (page["held"], page["encoding"]) == (0, encoding)
        pages = 1
        while page["cursor"] is not None:
            page = calling.answer("get_all", **asked, encoding=encoding, cursor=page["cursor"])
            pages += 1
        assert pages >= 2
    service.ledger.hold(state.id, [Hold("e1", 1, "not confirmed", 1)])
    plain = calling.answer("get_all", **asked, max_age=1e12)
    assert plain["held"] == 1
    oversized = calling.answer("get_all", **asked, where={"id": ["big"]})
    assert [item.get("oversized") for item in oversized["entities"]] == [True]
    some = calling.answer("get_all", type=STREAM.type, fields=["id"], where={"id": ["e3", "e4"]})
    assert [set(item["entity"]) for item in some["entities"]] == [{"id"}, {"id"}]
    none = calling.answer("get_all", type=STREAM.type, where={"id": "nobody"}, encoding="zlib")
    assert none["cursor"] is None


def test_every_answer_to_changes_is_as_described(service: Service, calling: Calling) -> None:
    service.fill(3)
    service.put({**server(1), "status": "ERROR"}, BIG)
    service.drop("e2")
    state = service.ledger.find(STREAM)
    assert state is not None
    asked = {"type": STREAM.type, "cloud": STREAM.cloud}
    every: list[dict[str, Any]] = []
    while (since := len(every)) < state.revision:
        every += calling.answer("changes", **asked, epoch=state.epoch, since=since)["changes"]
    assert {change["op"] for change in every} == {"create", "update", "delete"}
    assert any("oversized" in change for change in every)
    assert calling.answer("changes", **asked)["first"] == 1
    some = calling.answer("changes", **asked, epoch=state.epoch, since=2, limit=1)
    assert (some["first"], some["last"], some["revision"]) == (3, 3, state.revision)
    none = calling.answer("changes", **asked, epoch=None, since=state.revision)
    assert (none["changes"], none["last"]) == ([], state.revision)
    empty = calling.answer("changes", type=UNLISTED.type)
    assert (empty["first"], empty["last"], empty["listed_at"]) == (1, 0, None)


def test_every_answer_to_get_is_as_described(service: Service, calling: Calling) -> None:
    service.fill(2)
    service.put({**server(1), "status": "ERROR"})
    service.put(BIG)
    service.drop("e0")
    ask = {"type": STREAM.type, "cloud": STREAM.cloud}
    assert calling.answer("get", **ask, id="e1")["changed"] == ["status"]
    assert calling.answer("get", **ask, id="e1", revision=2)["op"] == "create"
    gone = calling.answer("get", **ask, id="e0", revision=5)
    assert (gone["op"], gone["entity"]) == ("delete", None)
    big = calling.answer("get", **ask, id="big")
    assert big["oversized"] and big["parts"] > 1
    text = "".join(
        calling.answer("get", **ask, id="big", revision=big["revision"], part=number)["data"]
        for number in range(big["parts"])
    )
    assert text == f'{{"id":"big","text":"{BIG["text"]}"}}'
    assert calling.answer("get", **ask, id="e1", part=0)["parts"] == 1


def test_every_answer_about_what_was_is_as_described(service: Service, calling: Calling) -> None:
    service.fill(12)
    service.put({**server(1), "status": "ERROR"})
    service.put({**BIG, "id": "e1"})
    service.drop("e2")
    state = service.ledger.find(STREAM)
    assert state is not None
    ask = {"type": STREAM.type, "cloud": STREAM.cloud}
    then = {**ask, "epoch": state.epoch, "revision": 13}
    assert len(calling.answer("digests", **then)["buckets"]) == 1
    digests = calling.answer("digests", **then, bits=10)
    assert sum(bucket["count"] for bucket in digests["buckets"]) == 12
    first = calling.answer("roster", **then, limit=5)
    second = calling.answer("roster", **then, limit=5, cursor=first["cursor"])
    third = calling.answer("roster", **then, limit=5, cursor=second["cursor"])
    assert third["cursor"] is None
    items = [item for page in (first, second, third) for item in page["items"]]
    assert [item["revision"] for item in items] == [1, *range(3, 14)]
    inside = calling.answer("roster", **then, bits=1, bucket=1)["items"]
    assert inside and all(item in items for item in inside)
    newest = calling.answer("history", **ask, id="e1", limit=1)
    told = calling.answer("history", **ask, id="e1", before=newest["before"])
    assert [(v["op"], "oversized" in v) for v in newest["versions"] + told["versions"]] == [
        ("update", True),
        ("update", False),
        ("create", False),
    ]
    older = calling.answer("history", **ask, id="e1", limit=1, before=14)
    assert (len(older["versions"]), older["before"]) == (1, 13)
    assert calling.answer("history", **ask, id="e2")["versions"][0]["entity"] is None
    none = calling.answer("history", **ask, id="e1", before=1)
    assert (none["versions"], none["before"]) == ([], None)
    empty = {**then, "type": UNLISTED.type, "revision": 0}
    unlisted = service.ledger.find(UNLISTED)
    assert unlisted is not None
    empty["epoch"] = unlisted.epoch
    assert calling.answer("digests", **empty)["buckets"] == [{"count": 0, "digest": "0" * 32}]
    assert calling.answer("roster", **empty)["items"] == []


def test_what_describe_says_is_as_described(service: Service, calling: Calling) -> None:
    service.fill(2)
    state = service.ledger.find(STREAM)
    assert state is not None
    service.ledger.hold(state.id, [Hold("e1", 1, "not confirmed", 1)])
    service.ledger.set_condition(state.id, "503 from the service")
    service.ledger.activity.add({state.id: Activity(7, 1, 0.5, 0.25, 2.0)})
    types = calling.answer("describe")["clouds"]["c1"]
    assert types[STREAM.type]["condition"]["message"] == "503 from the service"
    assert types[STREAM.type]["held"] == 1
    activity = types[STREAM.type]["activity"]
    assert activity.pop("stale_seconds") >= 0
    assert activity == {
        "calls": 7,
        "errors": 1,
        "seconds": 0.5,
        "waited": 0.25,
        "listing_seconds": 2.0,
    }
    unlisted = types[UNLISTED.type]["activity"]
    assert (unlisted["calls"], unlisted["stale_seconds"]) == (0, None)
    assert (types[UNLISTED.type]["condition"], types[UNLISTED.type]["listed_at"]) == (None, None)
