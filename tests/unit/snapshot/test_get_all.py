# SPDX-License-Identifier: Apache-2.0
import base64
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synchronizer import errors
from synchronizer.snapshot.cursor import packed, unpacked
from tests.unit.publishing.support import VOLUMES, Author, digest_of
from tests.unit.snapshot.walking import items_of, walk


@pytest.mark.parametrize("encoding", ["json", "zlib"])
def test_the_pages_hold_every_live_entity_once_and_prove_it(author, endpoint, encoding) -> None:
    author.fill(25, text='quoted "ü" text')
    author.drop("e3", "e4")
    first, items = walk(endpoint.get_all, limit=4, encoding=encoding)
    assert {item["id"]: item["entity"] for item in items} == author.live
    assert len(items) == first["count"] == 23
    assert first["digest"] == digest_of(
        {item["id"]: (item["fingerprint"], item["entity"]) for item in items}
    )
    assert (first["schema"], first["cloud"], first["type"]) == (1, "openstack1", "nova.server")
    assert (first["revision"], first["held"]) == (27, 0)
    assert first["listed_at"] == "2023-11-14T22:13:20.000000Z"
    assert items[0]["sampled_at"].endswith("Z")


def test_the_pages_of_one_walk_agree_while_commits_go_on(author, endpoint) -> None:
    author.fill(20)
    expected = dict(author.live)

    def commit() -> None:
        author.put({"id": "e1", "n": author.state.revision}, {"id": f"x{author.state.revision}"})
        author.drop(next(id_ for id_ in author.live if id_.startswith("e") and id_ != "e1"))

    _, items = walk(endpoint.get_all, commit, limit=3)
    assert {item["id"]: item["entity"] for item in items} == expected


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    limit=st.integers(1, 9),
    max_bytes=st.integers(100, 4000),
    sizes=st.lists(st.integers(0, 3000), max_size=12),
)
def test_any_limit_gives_the_same_entities(author, make_endpoint, limit, max_bytes, sizes) -> None:
    if author.live:
        author.drop(*author.live)
    entities = [{"id": f"s{number}", "t": "é" * size} for number, size in enumerate(sizes)]
    if entities:
        author.put(*entities)
    _, items = walk(make_endpoint(max_bytes=max_bytes).get_all, limit=limit)
    assert [item["id"] for item in items] == list(author.live)
    for item in items:
        assert item["entity"] == (None if item.get("oversized") else author.live[item["id"]])


def test_an_empty_stream_is_one_empty_page(author, endpoint) -> None:
    page = endpoint.get_all({}, "nova.server")
    assert (page["entities"], page["cursor"], page["count"]) == ([], None, 0)


def test_a_page_stays_below_its_bytes(author, make_endpoint) -> None:
    author.fill(30, text="x" * 1000)
    page = make_endpoint(max_bytes=8192).get_all({}, "nova.server")
    assert 1 < len(page["entities"]) <= 8
    assert page["cursor"]


def test_an_entity_beyond_the_limit_travels_without_itself(author, make_endpoint) -> None:
    author.put({"id": "a"}, {"id": "big", "text": "x" * 5000, "name": "n"})
    endpoint = make_endpoint(max_bytes=4096)
    _, items = walk(endpoint.get_all)
    assert items[1]["entity"] is None
    assert items[1]["oversized"] is True
    _, named = walk(endpoint.get_all, fields=["name"])
    assert named[1]["entity"] == {"name": "n"}


def test_fields_and_where_give_subsets(author, endpoint) -> None:
    author.fill(10, status="ACTIVE", host=None)
    author.put({"id": "e1", "n": 1, "status": "ERROR"}, {"id": "e2", "n": 2, "status": "SHUTOFF"})
    _, failed = walk(endpoint.get_all, where={"status": ["ERROR", "SHUTOFF"]}, fields=["n"])
    assert [item["entity"] for item in failed] == [{"n": 1}, {"n": 2}]
    _, both = walk(endpoint.get_all, where={"status": "ACTIVE", "n": 5})
    assert [item["id"] for item in both] == ["e5"]
    _, absent = walk(endpoint.get_all, where={"host": None})
    assert len(absent) == 10
    _, truth = walk(endpoint.get_all, where={"n": True})
    assert truth == []


def test_a_page_may_be_empty_and_not_the_last(author, endpoint, monkeypatch) -> None:
    monkeypatch.setattr("synchronizer.snapshot.page.MOST_SCANNED", 500)
    author.fill(1200)
    page = endpoint.get_all({}, "nova.server", where={"n": 1100})
    assert page["entities"] == []
    assert page["cursor"]
    _, items = walk(endpoint.get_all, where={"n": 1100})
    assert [item["id"] for item in items] == ["e1100"]


def test_a_rare_match_does_not_need_a_page_per_entity(author, endpoint) -> None:
    author.fill(900)
    page = endpoint.get_all({}, "nova.server", where={"n": 899}, limit=1)
    assert [item["id"] for item in items_of(page)] == ["e899"]


def test_a_cursor_belongs_to_its_question(author, endpoint, ledger) -> None:
    Author(ledger, VOLUMES).listed()
    author.fill(4)
    cursor = endpoint.get_all({}, "nova.server", "openstack1", limit=2, fields=["n", "id"])[
        "cursor"
    ]
    again = endpoint.get_all({}, "nova.server", cursor=cursor, limit=1, fields=["id", "n"])
    assert [item["id"] for item in again["entities"]] == ["e2"]
    for question in (
        {"type": "nova.server"},
        {"type": "nova.server", "fields": ["n"]},
        {"type": "nova.server", "fields": ["n", "id"], "where": {"n": 1}},
        {"type": "nova.server", "fields": ["n", "id"], "cloud": "other"},
        {"type": "cinder.volume", "fields": ["n", "id"]},
    ):
        with pytest.raises(errors.BadCursor):
            endpoint.get_all({}, cursor=cursor, **question)


@pytest.mark.parametrize(
    "text", ["", "x", "é", "AAAA", 7, base64.urlsafe_b64encode(b"[]" * 20).decode()]
)
def test_a_made_up_cursor_is_refused(author, endpoint, text) -> None:
    with pytest.raises(errors.BadCursor):
        endpoint.get_all({}, "nova.server", cursor=text)


def test_another_spelling_of_a_cursor_is_refused() -> None:
    text = packed(b"{}")
    bare = text.rstrip("=")
    others = [bare[:-1] + c + text[len(bare) :] for c in string.ascii_letters if c != bare[-1]]
    for other in others:
        with pytest.raises(errors.BadCursor):
            unpacked(other)


def test_a_cut_cursor_is_refused(author, endpoint) -> None:
    author.fill(4)
    cursor = endpoint.get_all({}, "nova.server", limit=2)["cursor"]
    for wrong in (cursor[:-4], cursor[4:], cursor.swapcase()):
        with pytest.raises(errors.BadCursor):
            endpoint.get_all({}, "nova.server", cursor=wrong)


def test_a_walk_ends_when_its_revision_is_compacted(author, endpoint, ledger) -> None:
    author.fill(4)
    cursor = endpoint.get_all({}, "nova.server", limit=2)["cursor"]
    author.put({"id": "e3", "n": 99})
    ledger.mark_published(author.state.id, author.state.epoch, 0, 5)
    ledger.compact(author.state.id, 1 << 62)
    with pytest.raises(errors.Compacted) as caught:
        endpoint.get_all({}, "nova.server", cursor=cursor)
    assert caught.value.kwargs["floor"] == 5


def test_a_walk_ends_when_a_new_epoch_begins(author, endpoint, ledger) -> None:
    author.fill(4)
    cursor = endpoint.get_all({}, "nova.server", limit=2)["cursor"]
    fresh = ledger.new_epoch(author.state.id, "told to")
    with pytest.raises(errors.EpochChanged) as caught:
        endpoint.get_all({}, "nova.server", cursor=cursor)
    assert caught.value.kwargs["epoch"] == fresh.epoch


@pytest.mark.parametrize("ends", ["compacted", "renumbered"])
def test_a_walk_ends_though_its_next_page_was_made_before(author, endpoint, ledger, ends) -> None:
    author.fill(8)
    first = endpoint.get_all({}, "nova.server", limit=2)["cursor"]
    third = endpoint.get_all({}, "nova.server", limit=2, cursor=first)["cursor"]
    expected: type[errors.SynchronizerError] = errors.EpochChanged
    if ends == "compacted":
        expected = errors.Compacted
        author.put({"id": "e7", "n": 99})
        ledger.mark_published(author.state.id, author.state.epoch, 0, 9)
        ledger.compact(author.state.id, 1 << 62)
    else:
        ledger.new_epoch(author.state.id, "told to")
    with pytest.raises(expected):
        endpoint.get_all({}, "nova.server", limit=2, cursor=third)


@pytest.mark.parametrize(
    "question",
    [
        {"limit": 0},
        {"limit": 5001},
        {"limit": "many"},
        {"limit": True},
        {"encoding": "gzip"},
        {"encoding": ["zlib"]},
        {"fields": []},
        {"fields": "name"},
        {"fields": [1]},
        {"where": ["status"]},
        {"where": {"status": []}},
        {"max_age": -1},
        {"max_age": "now"},
        {"max_age": float("nan")},
        {"type": ""},
        {"type": None},
        {"cloud": 3},
    ],
)
def test_arguments_that_make_no_sense_are_refused(author, endpoint, question) -> None:
    with pytest.raises(errors.BadRequest):
        endpoint.get_all({}, **{"type": "nova.server", **question})
