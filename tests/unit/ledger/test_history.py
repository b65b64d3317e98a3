# SPDX-License-Identifier: Apache-2.0
import json

import pytest

from synchronizer import errors
from synchronizer.ledger import Ledger, StreamState, Version, history
from synchronizer.model import StreamKey
from tests.unit.ledger.builders import create, delete, entity, update

ROOMY = {"limit": 1000, "max_bytes": 1 << 30}


@pytest.fixture
def often(ledger: Ledger, stream: StreamState) -> StreamState:
    """Odd revisions 1 to 19 are of a, even ones of b; a is gone and made again on its way."""
    state = stream
    for number in range(1, 11):
        one = {1: create("a"), 5: delete("a"), 6: create("a", n=6)}
        first = one.get(number, update("a", n=number))
        second = create("b") if number == 1 else update("b", n=number)
        state = ledger.commit(state, [first, second])
    return state


def revisions(ledger: Ledger, state: StreamState, id_: str, before: int | None = None) -> list[int]:
    found = ledger.history(state.id, id_, before, **ROOMY)
    assert found.done
    return [version.revision for version in found.versions]


@pytest.mark.parametrize("links", [1, 2, 3, 500])
def test_history_is_every_version_of_an_id_newest_first(
    ledger: Ledger, often: StreamState, links: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "_LINKS", links)
    monkeypatch.setattr(history, "_ROWS_AT_ONCE", links)
    found = ledger.history(often.id, "a", **ROOMY)
    assert (found.state, found.done) == (often, True)
    assert [v.revision for v in found.versions] == list(range(19, 0, -2))
    assert found.versions == [ledger.version(often.id, "a", v.revision) for v in found.versions]
    assert revisions(ledger, often, "b") == list(range(20, 0, -2))


def test_a_version_is_whole(ledger: Ledger, often: StreamState) -> None:
    newest = ledger.history(often.id, "a", limit=1, max_bytes=1).versions[0]
    assert (newest.op, newest.changed, newest.superseded) == ("update", ("n",), None)
    assert newest.entity == json.dumps(entity("a", n=10)).encode()
    gone = ledger.history(often.id, "a", 11, limit=1, max_bytes=1).versions[0]
    assert (gone.revision, gone.op, gone.entity, gone.superseded) == (9, "delete", None, 11)


def test_the_last_word_on_a_deleted_id_is_its_delete(ledger: Ledger, often: StreamState) -> None:
    state = ledger.commit(often, [delete("b")])
    assert revisions(ledger, state, "b") == [21, *range(20, 0, -2)]


@pytest.mark.parametrize("links", [2, 500])
@pytest.mark.parametrize("before", range(1, 23))
def test_before_leaves_out_what_is_not_below_it(
    ledger: Ledger, often: StreamState, before: int, links: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "_LINKS", links)
    assert revisions(ledger, often, "a", before) == [n for n in range(19, 0, -2) if n < before]


@pytest.mark.parametrize("limit", [1, 3, 9, 10, 11])
def test_pages_follow_each_other_by_their_last_revision(
    ledger: Ledger, often: StreamState, limit: int
) -> None:
    found: list[Version] = []
    before, done = None, False
    while not done:
        page = ledger.history(often.id, "a", before, limit=limit, max_bytes=1 << 30)
        assert 1 <= len(page.versions) <= limit
        found += page.versions
        before, done = page.versions[-1].revision, page.done
    assert [version.revision for version in found] == list(range(19, 0, -2))


def test_a_history_is_bounded_in_bytes_but_never_stuck(ledger: Ledger, stream: StreamState) -> None:
    state = ledger.commit(stream, [create("a")])
    small = len(ledger.version(state.id, "a").entity or b"")
    state = ledger.commit(state, [update("a", pad="x" * 5000)])
    state = ledger.commit(state, [update("a")])
    state = ledger.commit(state, [delete("a")])
    pages, before, done = [], None, False
    while not done:
        page = ledger.history(state.id, "a", before, limit=9, max_bytes=small)
        pages.append([version.revision for version in page.versions])
        before, done = pages[-1][-1], page.done
    assert pages == [[4, 3], [2], [1]]


def test_what_compaction_took_is_missing_and_the_rest_is_there(
    ledger: Ledger, often: StreamState
) -> None:
    ledger.mark_published(often.id, often.epoch, 0, often.revision)
    whole = list(range(19, 0, -2))
    # One at a time, so that every state on the way is looked at.
    while ledger.compact(often.id, 1 << 62, limit=1):
        left = revisions(ledger, often, "a")
        assert left == whole[: len(left)]
        assert revisions(ledger, often, "a", left[-1]) == []
    assert left == [19]
    state = ledger.commit(often, [update("a", n=99)])
    assert revisions(ledger, state, "a") == [21, 19]


def test_an_id_that_never_was_or_is_forgotten_has_no_history(
    ledger: Ledger, often: StreamState
) -> None:
    assert revisions(ledger, often, "never") == revisions(ledger, often, "never", 7) == []
    state = ledger.commit(often, [delete("a")])
    ledger.mark_published(state.id, state.epoch, 0, state.revision)
    while ledger.compact(state.id, 1 << 62):
        pass
    assert revisions(ledger, state, "a") == revisions(ledger, state, "a", 20) == []


def test_another_streams_versions_of_the_same_id_are_not_told(
    ledger: Ledger, often: StreamState
) -> None:
    other = ledger.ensure_stream(StreamKey("openstack2", "nova.server"), "rules 1")
    state = ledger.commit(other, [create("a")])
    assert revisions(ledger, state, "a") == [1]
    assert revisions(ledger, often, "a") == list(range(19, 0, -2))


def test_history_goes_on_across_epochs(ledger: Ledger, often: StreamState) -> None:
    fresh = ledger.new_epoch(often.id, "a test says so")
    state = ledger.commit(fresh, [update("a", n=99)])
    assert revisions(ledger, state, "a") == [state.revision, *range(19, 0, -2)]


def test_a_stream_that_is_not_there_has_no_history(ledger: Ledger) -> None:
    with pytest.raises(errors.NotFound):
        ledger.history(4711, "a", **ROOMY)
