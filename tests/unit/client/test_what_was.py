# SPDX-License-Identifier: Apache-2.0
"""Digests, rosters and histories as a client reads them, from a real endpoint and from answers
that are wrong."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from synchronizer import errors
from synchronizer.client.history import History
from synchronizer.client.requests import Requests
from synchronizer.client.values import PastVersion
from synchronizer.fingerprint import bucket_of, digest
from synchronizer.ledger import Ledger
from synchronizer.model import StreamKey
from synchronizer.snapshot import Endpoint
from tests.unit.publishing.support import SERVERS, Author, Bus, open_ledger

Spoil = Callable[[dict[str, Any]], None]


class Calls:
    """The endpoint's methods; `spoil` changes each answer."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self.made: list[str] = []
        self.spoil: Spoil = lambda _: None

    def call(self, method: str, *, deadline: float | None = None, **arguments: Any) -> Any:
        self.made.append(method)
        answer = getattr(self._endpoint, method)({}, **arguments)
        self.spoil(answer)
        return answer


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = open_ledger(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def author(ledger: Ledger) -> Author:
    return Author(ledger)


@pytest.fixture
def calls(ledger: Ledger) -> Calls:
    return Calls(Endpoint(ledger, Bus().send, host="here", max_bytes=4096))


@pytest.fixture
def requests(calls: Calls) -> Requests:
    return Requests(calls, 20.0)


def test_a_roster_is_read_to_its_end_and_agrees_with_the_digests(
    author: Author, requests: Requests, calls: Calls
) -> None:
    author.fill(200)
    author.drop("e7")
    at, epoch = author.state.revision, author.state.epoch
    author.put({"id": "e1", "n": 99})
    items = list(requests.roster(SERVERS, epoch, at))
    assert {item.id for item in items} == {f"e{n}" for n in range(200)} - {"e7"}
    assert calls.made.count("roster") > 2
    found = requests.digests(SERVERS, epoch, at, bits=3)
    assert (found.epoch, found.revision, found.bits) == (epoch, at, 3)
    for number, bucket in enumerate(found.buckets):
        inside = list(requests.roster(SERVERS, epoch, at, bits=3, bucket=number))
        assert inside == [item for item in items if bucket_of(item.id, 3) == number]
        assert bucket.count == len(inside)
        assert bucket.digest == digest((item.id, item.fingerprint) for item in inside)


def test_a_roster_can_be_read_page_by_page(author: Author, requests: Requests) -> None:
    author.fill(5)
    at, epoch = author.state.revision, author.state.epoch
    first = requests.roster_page(SERVERS, epoch, at, limit=3)
    rest = requests.roster_page(SERVERS, epoch, at, limit=3, cursor=first.cursor)
    assert [[item.id for item in page.items] for page in (first, rest)] == [
        ["e0", "e1", "e2"],
        ["e3", "e4"],
    ]
    assert first.cursor is not None and rest.cursor is None


def history(requests: Requests, **asked: Any) -> History:
    return History(requests, SERVERS.type, "a", None, **asked)


def test_history_tells_of_each_version_what_it_changed(author: Author, requests: Requests) -> None:
    author.put({"id": "a", "n": 1, "old": True})
    author.put({"id": "a", "n": 2, "old": True})
    author.put({"id": "a", "n": 2, "new": None})
    author.drop("a")
    author.put({"id": "a", "n": 2})
    told = history(requests)
    assert (told.stream, told.floor) == (StreamKey("openstack1", "nova.server"), 0)
    found = [(v.revision, v.op, v.entity, v.differences) for v in told]
    assert found == [
        (5, "create", {"id": "a", "n": 2}, {}),
        (4, "delete", None, {}),
        (3, "update", {"id": "a", "n": 2, "new": None}, {"new": (None, None), "old": (True, None)}),
        (2, "update", {"id": "a", "n": 2, "old": True}, {"n": (1, 2)}),
        (1, "create", {"id": "a", "n": 1, "old": True}, {}),
    ]
    again = list(told)
    assert [v.revision for v in again] == [5, 4, 3, 2, 1]
    assert all(v.committed_at >= v.sampled_at > 0 for v in again)


@pytest.mark.parametrize("limit", [1, 2, 24, 25, 26, 5000, None])
def test_history_reads_as_many_as_are_wanted_over_as_many_pages_as_it_takes(
    author: Author, requests: Requests, calls: Calls, limit: int | None
) -> None:
    for number in range(25):
        author.put({"id": "a", "n": number, "text": "x" * 1000})
    found = list(history(requests, limit=limit))
    wanted = min(25, limit or 25)
    assert [v.revision for v in found] == list(range(25, 25 - wanted, -1))
    assert [v.differences for v in found[:24]] == [
        {"n": (n - 1, n)} for n in range(24, 24 - min(wanted, 24), -1)
    ]
    assert calls.made.count("history") == (1 if limit in (1, 2) else 9)


def test_history_reads_no_further_than_it_is_iterated(
    author: Author, requests: Requests, calls: Calls
) -> None:
    for number in range(25):
        author.put({"id": "a", "n": number, "text": "x" * 1000})
    versions = iter(history(requests))
    assert next(versions).revision == 25
    assert calls.made == ["history"]


def test_a_version_too_big_for_an_answer_comes_whole(author: Author, requests: Requests) -> None:
    author.put({"id": "a", "text": "x" * 9000})
    author.put({"id": "a", "text": "y" * 9000})
    author.put({"id": "a", "text": "small"})
    newest, big, first = history(requests)
    assert newest.differences == {"text": ("y" * 9000, "small")}
    assert (big.oversized, big.entity) == (True, {"id": "a", "text": "y" * 9000})
    assert big.differences == {"text": ("x" * 9000, "y" * 9000)}
    assert (first.op, first.differences) == ("create", {})


def test_what_the_oldest_one_changed_is_unknown_when_the_one_before_is_forgotten(
    author: Author, ledger: Ledger, requests: Requests
) -> None:
    for number in range(4):
        author.put({"id": "a", "n": number})
    ledger.mark_published(author.state.id, author.state.epoch, 0, 4)
    ledger.compact(author.state.id, 1 << 62, limit=2)
    told = history(requests)
    assert told.floor == 3
    assert [(v.revision, v.changed, v.differences) for v in told] == [
        (4, ("n",), {"n": (2, 3)}),
        (3, ("n",), None),
    ]


def test_what_has_no_history_is_not_found_at_once(author: Author, requests: Requests) -> None:
    author.put({"id": "b"})
    with pytest.raises(errors.NotFound):
        history(requests)
    with pytest.raises(errors.BadRequest):
        history(requests, limit=0)


def test_versions_are_values(author: Author, requests: Requests) -> None:
    author.put({"id": "a"})
    (only,) = history(requests)
    assert isinstance(only, PastVersion)
    assert (only.cloud, only.type, only.id) == ("openstack1", "nova.server", "a")
    assert only.fingerprint == author.ledger.version(author.state.id, "a").fingerprint


def asking(requests: Requests, author: Author) -> dict[str, Callable[[], Any]]:
    at, epoch = author.state.revision, author.state.epoch
    return {
        "digests": lambda: requests.digests(SERVERS, epoch, at, 2),
        "roster": lambda: list(requests.roster(SERVERS, epoch, at)),
        "history": lambda: list(history(requests)),
    }


@pytest.mark.parametrize(
    ("method", "spoil"),
    [
        ("digests", lambda wire: wire.update(revision=1)),
        ("digests", lambda wire: wire.update(epoch="another")),
        ("digests", lambda wire: wire.update(bits=3)),
        ("digests", lambda wire: wire["buckets"].pop()),
        ("digests", lambda wire: wire["buckets"][0].update(digest="5F")),
        ("digests", lambda wire: wire.pop("buckets")),
        ("roster", lambda wire: wire.update(revision=1)),
        ("roster", lambda wire: wire.update(epoch="another")),
        ("roster", lambda wire: wire["items"][0].update(fingerprint=None)),
        ("roster", lambda wire: wire["items"][0].update(fingerprint="md5:77")),
        ("roster", lambda wire: wire.update(cursor=7)),
        ("history", lambda wire: wire["versions"].reverse()),
        ("history", lambda wire: wire.update(before=99)),
        ("history", lambda wire: wire.update(versions=[], before=2)),
        ("history", lambda wire: wire["versions"][0].pop("committed_at")),
        ("history", lambda wire: wire["versions"][0].update(entity=None)),
        ("history", lambda wire: wire.pop("floor")),
    ],
)
def test_an_answer_that_is_not_as_agreed_is_a_bad_message(
    author: Author, requests: Requests, calls: Calls, method: str, spoil: Spoil
) -> None:
    author.put({"id": "a", "n": 1}, {"id": "b"})
    author.put({"id": "a", "n": 2})
    ask = asking(requests, author)[method]
    ask()
    calls.spoil = spoil
    with pytest.raises(errors.BadMessage, match=f"the answer to {method}|^change: "):
        ask()
