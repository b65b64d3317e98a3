# SPDX-License-Identifier: Apache-2.0
import json
import threading

import pytest

import synchronizer
from synchronizer import errors
from synchronizer.bus import envelope
from synchronizer.ledger import Hold, Ledger
from synchronizer.model import StreamKey
from synchronizer.snapshot import Endpoint
from tests.support.schemas import METHODS
from tests.unit.publishing.support import VOLUMES, Author


def test_get_gives_the_newest_or_exactly_one_revision(author, endpoint) -> None:
    author.put({"id": "a", "n": 1})
    author.put({"id": "a", "n": 2})
    newest = endpoint.get({}, "nova.server", "a")
    assert (newest["revision"], newest["op"], newest["changed"]) == (2, "update", ["n"])
    assert newest["entity"] == {"id": "a", "n": 2}
    assert newest["epoch"] == author.state.epoch
    assert newest["fingerprint"].startswith("xxh3:")
    assert endpoint.get({}, "nova.server", "a", revision=1)["entity"]["n"] == 1
    author.drop("a")
    with pytest.raises(errors.NotFound):
        endpoint.get({}, "nova.server", "a")
    gone = endpoint.get({}, "nova.server", "a", revision=3)
    assert (gone["op"], gone["entity"], gone["fingerprint"]) == ("delete", None, None)


@pytest.mark.parametrize("text", ["x" * 20_000, 'ü"\\' * 7_000, "🙂" * 3_000])
def test_a_big_entity_comes_in_parts_that_each_fit(author, make_endpoint, text) -> None:
    author.put({"id": "big", "text": text})
    endpoint = make_endpoint(max_bytes=4096)
    whole = endpoint.get({}, "nova.server", "big")
    assert (whole["entity"], whole["oversized"]) == (None, True)
    pinned = whole["revision"]
    author.put({"id": "big", "text": "another"})
    pieces = []
    for number in range(whole["parts"]):
        answer = endpoint.get({}, "nova.server", "big", revision=pinned, part=number)
        assert (answer["part"], answer["parts"]) == (number, whole["parts"])
        assert answer["revision"] == pinned
        assert len(json.dumps(json.dumps(answer["data"]))) <= 4096 * 7 // 4 + 10
        pieces.append(answer["data"])
    assert json.loads("".join(pieces)) == {"id": "big", "text": text}
    with pytest.raises(errors.BadRequest, match="parts"):
        endpoint.get({}, "nova.server", "big", revision=pinned, part=whole["parts"])


def test_describe_names_every_stream_and_what_is_wrong(author, endpoint, ledger) -> None:
    author.fill(2)
    volumes = Author(ledger, VOLUMES)
    ledger.set_condition(volumes.state.id, "503")
    ledger.hold(author.state.id, [Hold("e1", 2, "not confirmed", 1)])
    answer = endpoint.describe({})
    assert (answer["host"], answer["version"]) == ("here", synchronizer.__version__)
    servers = answer["clouds"]["openstack1"]["nova.server"]
    assert (servers["revision"], servers["published"], servers["count"]) == (2, 0, 2)
    assert (servers["held"], servers["condition"], servers["floor"]) == (1, None, 0)
    broken = answer["clouds"]["openstack1"]["cinder.volume"]
    assert broken["listed_at"] is None
    assert broken["condition"]["message"] == "503"
    assert json.loads(json.dumps(answer)) == answer


def test_a_barriers_bookmark_carries_its_nonce(author, endpoint, bus, ledger) -> None:
    author.fill(2)
    ledger.mark_published(author.state.id, author.state.epoch, 0, 2)
    answer = endpoint.barrier({}, "nova.server", nonce="n-1")
    assert (answer["epoch"], answer["revision"]) == (author.state.epoch, 2)
    topic, event_type, payload = bus.messages[0]
    assert (topic, event_type) == ("synchronizer.openstack1.nova.server", "nova.server.bookmark")
    bookmark = envelope.bookmark_from_wire(payload)
    assert (bookmark.nonce, bookmark.revision, bookmark.count) == ("n-1", 2, 2)


def test_a_barrier_waits_until_everything_is_published(author, endpoint, bus, ledger) -> None:
    author.fill(2)
    state = author.state
    publishing = threading.Thread(target=ledger.mark_published, args=(state.id, state.epoch, 0, 2))
    publishing.start()
    assert endpoint.barrier({}, "nova.server", nonce="n")["revision"] == 2
    publishing.join(10)


def test_a_barrier_that_the_bus_does_not_take_can_be_asked_again(author, ledger) -> None:
    def refuse(*_: object) -> None:
        raise errors.BusUnavailable("the bus rabbit://inside/ is away")

    author.put({"id": "a"})
    ledger.mark_published(author.state.id, author.state.epoch, 0, 1)
    endpoint = Endpoint(ledger, refuse, host="here")
    with pytest.raises(errors.ServiceUnavailable) as caught:
        endpoint.barrier({}, "nova.server", nonce="n")
    assert "inside" not in str(caught.value)


def test_a_barrier_above_a_backlog_asks_for_patience(author, ledger, bus) -> None:
    from synchronizer.snapshot.barrier import Barrier
    from synchronizer.snapshot.directory import Directory

    author.fill(1)
    barrier = Barrier(ledger, Directory(ledger), bus.send, bookmark_interval=10, patience=0.05)
    with pytest.raises(errors.ServiceUnavailable, match="not published yet"):
        barrier.answer("nova.server", None, "n")
    assert bus.messages == []


@pytest.mark.parametrize("nonce", [None, "", "x" * 129, 7])
def test_a_barrier_needs_a_nonce(author, endpoint, nonce) -> None:
    with pytest.raises(errors.BadRequest):
        endpoint.barrier({}, "nova.server", nonce=nonce)


def test_unknown_names_are_told_with_those_that_are_known(author, endpoint, ledger) -> None:
    Author(ledger, VOLUMES)
    with pytest.raises(errors.UnknownType) as type_error:
        endpoint.get_all({}, "nova.flavor")
    assert type_error.value.kwargs["known"] == ["cinder.volume", "nova.server"]
    with pytest.raises(errors.UnknownCloud) as cloud_error:
        endpoint.get_all({}, "nova.server", "openstack2")
    assert cloud_error.value.kwargs["known"] == ["openstack1"]


def test_a_cloud_must_be_named_where_there_are_several(author, endpoint, ledger) -> None:
    Author(ledger, StreamKey("openstack2", "nova.server")).listed()
    with pytest.raises(errors.UnknownCloud, match="name one"):
        endpoint.get_all({}, "nova.server")
    assert endpoint.get_all({}, "nova.server", "openstack2")["cloud"] == "openstack2"


def test_an_empty_ledger_says_that_nothing_was_sampled_yet(endpoint) -> None:
    with pytest.raises(errors.ServiceUnavailable, match="nothing has been sampled"):
        endpoint.get_all({}, "nova.server")


@pytest.mark.parametrize("kind", [errors.LedgerUnavailable, errors.LedgerUnusable])
def test_what_concerns_only_the_operator_does_not_leave(endpoint, monkeypatch, kind) -> None:
    def fail(self):
        raise kind("cannot open /var/lib/secret/place.db")

    monkeypatch.setattr(Ledger, "streams", fail)
    with pytest.raises(errors.ServiceUnavailable) as caught:
        endpoint.describe({})
    assert "place" not in caught.value.message


def test_only_the_methods_of_the_contract_are_callable() -> None:
    public = {name for name in dir(Endpoint) if not name.startswith("_")}
    assert public == set(METHODS)
