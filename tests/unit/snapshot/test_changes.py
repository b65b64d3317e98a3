# SPDX-License-Identifier: Apache-2.0
import pytest

from synchronizer import errors
from synchronizer.bus import envelope
from tests.unit.publishing.support import Reader


def test_changes_lead_from_any_revision_to_the_present(author, endpoint) -> None:
    author.fill(5)
    author.put({"id": "e1", "n": 99})
    author.drop("e2")
    reader = Reader()
    while True:
        answer = endpoint.changes(
            {}, "nova.server", epoch=author.state.epoch, since=reader.revision, limit=3
        )
        if not answer["changes"]:
            break
        envelope.change_set_from_wire(answer)
        reader.take(answer)
    assert reader.entities == author.live
    assert (answer["first"], answer["last"], answer["revision"]) == (8, 7, 7)
    assert (answer["count"], answer["held"]) == (4, 0)
    assert answer["listed_at"] == "2023-11-14T22:13:20.000000Z"
    assert answer["digest"] == endpoint.get_all({}, "nova.server")["digest"]


def test_another_epoch_is_told(author, endpoint) -> None:
    with pytest.raises(errors.EpochChanged) as caught:
        endpoint.changes({}, "nova.server", epoch="old", since=0)
    assert caught.value.kwargs["epoch"] == author.state.epoch


def test_below_the_floor_is_compacted(author, endpoint, ledger) -> None:
    author.fill(1)
    author.put({"id": "e0", "n": 2})
    ledger.mark_published(author.state.id, author.state.epoch, 0, 2)
    ledger.compact(author.state.id, 1 << 62)
    with pytest.raises(errors.Compacted) as caught:
        endpoint.changes({}, "nova.server", since=0)
    assert caught.value.kwargs["floor"] == 2


def test_a_consumer_that_has_seen_more_than_the_ledger_begins_a_new_epoch(
    author, endpoint, ledger
) -> None:
    author.fill(3)
    with pytest.raises(errors.EpochChanged) as caught:
        endpoint.changes({}, "nova.server", epoch=author.state.epoch, since=10)
    state = ledger.state(author.state.id)
    assert state.epoch == caught.value.kwargs["epoch"] != author.state.epoch
    assert state.revision == 11
    # The second that comes with the old epoch is told of the new one, and causes none.
    with pytest.raises(errors.EpochChanged):
        endpoint.changes({}, "nova.server", epoch=author.state.epoch, since=12)
    assert ledger.state(author.state.id).epoch == state.epoch


def test_a_number_of_no_epoch_proves_nothing_and_begins_none(author, endpoint, ledger) -> None:
    author.fill(3)
    with pytest.raises(errors.EpochChanged) as caught:
        endpoint.changes({}, "nova.server", since=10)
    assert caught.value.kwargs["epoch"] == author.state.epoch
    assert ledger.state(author.state.id) == author.state


def test_an_absurd_since_is_refused_and_uses_up_no_numbers(author, endpoint, ledger) -> None:
    for since in (2**53 + 1, 2**40, -1, 1.5, None, "7"):
        with pytest.raises(errors.BadRequest):
            endpoint.changes({}, "nova.server", epoch=author.state.epoch, since=since)
    assert ledger.state(author.state.id) == author.state


def test_an_oversized_change_is_marked(author, make_endpoint) -> None:
    author.put({"id": "a"}, {"id": "big", "text": "x" * 5000})
    endpoint = make_endpoint(max_bytes=4096)
    assert [c["id"] for c in endpoint.changes({}, "nova.server")["changes"]] == ["a"]
    big = endpoint.changes({}, "nova.server", since=1)["changes"][0]
    assert (big["entity"], big["oversized"]) == (None, True)
