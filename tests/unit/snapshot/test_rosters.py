# SPDX-License-Identifier: Apache-2.0
import json
from typing import Any

import pytest

from synchronizer import errors
from synchronizer.bus import envelope
from synchronizer.fingerprint import DIGEST_MODULUS, bucket_of, digest
from synchronizer.model import StreamKey
from synchronizer.snapshot import Endpoint
from tests.unit.publishing.support import VOLUMES, Author


def rows(endpoint: Endpoint, author: Author, revision: int, **asked: Any) -> list[dict[str, Any]]:
    """Every item of a roster."""
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = endpoint.roster(
            {},
            "nova.server",
            epoch=author.state.epoch,
            revision=revision,
            cursor=cursor,
            **asked,
        )
        assert (page["epoch"], page["revision"]) == (author.state.epoch, revision)
        found += page["items"]
        cursor = page["cursor"]
        if cursor is None:
            return found


def snapshot(endpoint: Endpoint) -> list[dict[str, Any]]:
    """The same of now, by get_all."""
    page = endpoint.get_all({}, "nova.server", limit=5000)
    assert page["cursor"] is None
    return [
        {name: item[name] for name in ("id", "revision", "fingerprint")}
        for item in page["entities"]
    ]


@pytest.mark.parametrize("limit", [1, 7, None])
def test_a_roster_has_the_fingerprints_of_what_lived_then(author, endpoint, limit) -> None:
    author.fill(30)
    author.put({"id": "e7", "n": 99})
    author.drop("e8")
    then, at = snapshot(endpoint), author.state.revision
    author.fill(3, more=1)
    author.drop("e20")
    assert rows(endpoint, author, at, limit=limit) == then
    assert rows(endpoint, author, author.state.revision, limit=limit) == snapshot(endpoint)


def test_the_pages_of_a_roster_agree_whatever_is_committed_between_them(author, endpoint) -> None:
    author.fill(10)
    at, then = author.state.revision, snapshot(endpoint)
    asked = {"epoch": author.state.epoch, "revision": at, "limit": 4}
    found, cursor = [], None
    for number in range(3):
        page = endpoint.roster({}, "nova.server", cursor=cursor, **asked)
        found += page["items"]
        cursor = page["cursor"]
        author.put({"id": f"e{number}", "n": 99}, {"id": f"new{number}"})
        author.drop(f"e{9 - number}")
    assert (found, cursor) == (then, None)


def test_a_roster_of_one_bucket_has_the_ids_that_are_in_it(author, endpoint) -> None:
    author.fill(60)
    whole = snapshot(endpoint)
    for bucket in range(4):
        inside = rows(endpoint, author, 60, bits=2, bucket=bucket, limit=5)
        assert inside == [item for item in whole if bucket_of(item["id"], 2) == bucket]


def test_a_page_of_a_roster_fits_into_a_message(author, make_endpoint) -> None:
    endpoint = make_endpoint(max_bytes=2000)
    author.put(*({"id": mark * 200 + str(n)} for n in range(6) for mark in ('"', "\u00e9", "x")))
    sizes, cursor = [], None
    while True:
        page = endpoint.roster(
            {},
            "nova.server",
            epoch=author.state.epoch,
            revision=author.state.revision,
            cursor=cursor,
        )
        assert len(json.dumps(json.dumps(page["items"]))) <= 2000 * 7 // 4 + 10
        sizes.append(len(page["items"]))
        cursor = page["cursor"]
        if cursor is None:
            break
    assert sum(sizes) == 18 and min(sizes) >= 1 and len(sizes) > 2


@pytest.mark.parametrize("bits", [None, 0, 4, 10])
def test_digests_are_those_of_the_buckets_of_the_roster(author, endpoint, bits) -> None:
    author.fill(40)
    author.drop("e3")
    at = author.state.revision
    now = endpoint.get_all({}, "nova.server")
    author.put({"id": "e5", "n": 99})
    answer = endpoint.digests({}, "nova.server", epoch=author.state.epoch, revision=at, bits=bits)
    number = bits or 0
    assert (answer["revision"], answer["bits"]) == (at, number)
    assert answer["buckets"] == [
        {"count": len(pairs), "digest": envelope.digest_to_wire(digest(pairs))}
        for bucket in range(1 << number)
        for pairs in [
            [
                (item["id"], envelope.fingerprint_from_wire(item["fingerprint"]))
                for item in rows(endpoint, author, at)
                if bucket_of(item["id"], number) == bucket
            ]
        ]
    ]
    total = sum(int(bucket["digest"], 16) for bucket in answer["buckets"]) % DIGEST_MODULUS
    assert envelope.digest_to_wire(total) == now["digest"]
    assert sum(bucket["count"] for bucket in answer["buckets"]) == now["count"]


def asking(endpoint: Endpoint, **asked: Any):
    yield lambda: endpoint.digests({}, "nova.server", **asked)
    yield lambda: endpoint.roster({}, "nova.server", **asked)


def test_below_the_floor_both_are_compacted(author, endpoint, ledger) -> None:
    author.fill(2)
    author.put({"id": "e0", "n": 2})
    ledger.mark_published(author.state.id, author.state.epoch, 0, 3)
    ledger.compact(author.state.id, 1 << 62)
    for ask in asking(endpoint, epoch=author.state.epoch, revision=2):
        with pytest.raises(errors.Compacted) as caught:
            ask()
        assert caught.value.kwargs["floor"] == 3


def test_of_another_epoch_neither_tells(author, endpoint, ledger) -> None:
    author.fill(2)
    for ask in asking(endpoint, epoch="old", revision=2):
        with pytest.raises(errors.EpochChanged) as caught:
            ask()
        assert caught.value.kwargs["epoch"] == author.state.epoch
    assert ledger.state(author.state.id) == author.state


@pytest.mark.parametrize("which", [0, 1])
def test_who_holds_a_revision_that_the_ledger_has_lost_begins_a_new_epoch(
    author, endpoint, ledger, which
) -> None:
    author.fill(2)
    ask = list(asking(endpoint, epoch=author.state.epoch, revision=9))[which]
    with pytest.raises(errors.EpochChanged) as caught:
        ask()
    state = ledger.state(author.state.id)
    assert state.epoch == caught.value.kwargs["epoch"] != author.state.epoch
    assert state.revision == 10


@pytest.mark.parametrize(
    "wrong",
    [
        {"epoch": None},
        {"epoch": ""},
        {"revision": None},
        {"revision": -1},
        {"revision": True},
        {"revision": 2**53 + 1},
        {"revision": 2**40},
        {"bits": -1},
        {"bits": 11},
        {"bits": "8"},
    ],
)
def test_what_makes_no_sense_is_refused(author, endpoint, wrong) -> None:
    author.fill(1)
    for ask in asking(endpoint, **{"epoch": author.state.epoch, "revision": 1, **wrong}):
        with pytest.raises(errors.BadRequest):
            ask()


@pytest.mark.parametrize(
    "wrong",
    [{"bucket": 4}, {"bucket": -1}, {"bucket": "0"}, {"limit": 0}, {"limit": 5001}],
)
def test_a_roster_of_no_bucket_or_of_no_items_is_refused(author, endpoint, wrong) -> None:
    author.fill(1)
    asked = {"epoch": author.state.epoch, "revision": 1, "bits": 2, **wrong}
    with pytest.raises(errors.BadRequest):
        endpoint.roster({}, "nova.server", **asked)


def test_a_cursor_leads_on_in_its_own_roster_only(author, endpoint, ledger) -> None:
    author.fill(9)
    for key in (VOLUMES, StreamKey("openstack2", "nova.server")):
        Author(ledger, key).fill(9)
    asked = {
        "type": "nova.server",
        "cloud": author.key.cloud,
        "epoch": author.state.epoch,
        "revision": 8,
        "bits": 1,
        "bucket": 1,
    }
    cursor = endpoint.roster({}, **asked, limit=1)["cursor"]
    assert endpoint.roster({}, **asked, cursor=cursor)["cursor"] is None
    for change in ({"revision": 9}, {"bits": 2}, {"bucket": 0}):
        with pytest.raises(errors.BadCursor):
            endpoint.roster({}, **{**asked, **change}, cursor=cursor)
    for change in ({"type": "cinder.volume"}, {"cloud": "openstack2"}):
        other = ledger.find(
            StreamKey(change.get("cloud", author.key.cloud), change.get("type", "nova.server"))
        )
        assert other is not None
        with pytest.raises(errors.BadCursor):
            endpoint.roster({}, **{**asked, **change, "epoch": other.epoch}, cursor=cursor)
    get_all = endpoint.get_all({}, "nova.server", author.key.cloud, limit=1)["cursor"]
    for text in ("", "x", cursor[:-4], get_all, 7):
        with pytest.raises(errors.BadCursor):
            endpoint.roster({}, **asked, cursor=text)
    with pytest.raises(errors.BadCursor):
        endpoint.get_all({}, "nova.server", author.key.cloud, cursor=cursor)
