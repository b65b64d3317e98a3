# SPDX-License-Identifier: Apache-2.0
"""Every kind of error, provoked by what leads to it in earnest, is as described on the bus."""

import time
from pathlib import Path

from synchronizer.bus import transport
from synchronizer.bus.rpc import RpcServer
from synchronizer.ledger import Ledger
from synchronizer.model import StreamKey
from synchronizer.snapshot import Endpoint
from tests.functional.client.service import STREAM, Service, server
from tests.functional.schemas.conftest import UNLISTED
from tests.support.schemas import error_classes
from tests.support.wire import Calling

OTHER = StreamKey("c2", "nova.server")
SERVERS = {"type": STREAM.type, "cloud": STREAM.cloud}


def test_names_that_there_are_not(service: Service, calling: Calling) -> None:
    unknown = calling.failure("get_all", type="nova.flavor")
    assert unknown["class"] == "UnknownType"
    assert unknown["kwargs"]["known"] == [UNLISTED.type, STREAM.type]
    for method, more in (("changes", {}), ("get", {"id": "x"}), ("barrier", {"nonce": "n"})):
        elsewhere = calling.failure(method, type=STREAM.type, cloud="elsewhere", **more)
        assert (elsewhere["class"], elsewhere["kwargs"]) == ("UnknownCloud", {"known": ["c1"]})
    service.list_anew(OTHER)
    which = calling.failure("get_all", type=STREAM.type)
    assert (which["class"], which["kwargs"]) == ("UnknownCloud", {"known": ["c1", "c2"]})


def test_entities_that_there_are_not(service: Service, calling: Calling) -> None:
    service.fill(1)
    assert calling.failure("get", **SERVERS, id="nobody")["class"] == "NotFound"
    assert calling.failure("get", **SERVERS, id="e0", revision=7)["class"] == "NotFound"
    assert calling.failure("history", **SERVERS, id="nobody")["class"] == "NotFound"


def test_what_was_compacted(service: Service, calling: Calling) -> None:
    service.fill(20)
    page = calling.answer("get_all", **SERVERS, limit=2)
    service.put({**server(1), "status": "ERROR"})
    service.put({**server(1), "status": "ACTIVE"})
    service.wait_published()
    service.compact()
    state = service.ledger.find(STREAM)
    assert state is not None
    failures = [
        calling.failure("changes", **SERVERS, since=0),
        calling.failure("get_all", **SERVERS, cursor=page["cursor"]),
        calling.failure("get", **SERVERS, id="e1", revision=2),
        calling.failure("digests", **SERVERS, epoch=state.epoch, revision=20),
        calling.failure("roster", **SERVERS, epoch=state.epoch, revision=20),
    ]
    assert {failure["class"] for failure in failures} == {"Compacted"}
    assert {failure["kwargs"]["floor"] for failure in failures} == {state.floor}


def test_epochs_that_are_over(service: Service, calling: Calling) -> None:
    service.fill(20)
    page = calling.answer("get_all", **SERVERS, limit=2)
    old = page["epoch"]
    failures = [calling.failure("changes", **SERVERS, since=page["revision"] + 5)]
    # Whoever holds a higher revision of this epoch shows that the ledger lost some.
    failures.append(calling.failure("changes", **SERVERS, epoch=old, since=page["revision"] + 5))
    failures.append(calling.failure("changes", **SERVERS, epoch=old, since=page["revision"]))
    failures.append(calling.failure("get_all", **SERVERS, cursor=page["cursor"]))
    for method in ("digests", "roster"):
        then = {"epoch": old, "revision": page["revision"]}
        failures.append(calling.failure(method, **SERVERS, **then))
    assert {failure["class"] for failure in failures} == {"EpochChanged"}
    state = service.ledger.find(STREAM)
    assert state is not None and state.epoch != old
    epochs = [failure["kwargs"]["epoch"] for failure in failures]
    assert epochs == [old, *[state.epoch] * 5]


def test_cursors_of_nothing(service: Service, calling: Calling) -> None:
    service.fill(20)
    page = calling.answer("get_all", **SERVERS, limit=2)
    cursor, epoch = page["cursor"], page["epoch"]
    roster = calling.answer("roster", **SERVERS, epoch=epoch, revision=20, limit=2)
    walking = roster["cursor"]
    failures = [
        calling.failure("get_all", **SERVERS, cursor="made up"),
        calling.failure("get_all", **SERVERS, cursor=cursor[:-4]),
        calling.failure("get_all", **SERVERS, cursor=cursor, fields=["id"]),
        calling.failure("get_all", type=UNLISTED.type, cursor=cursor),
        calling.failure("get_all", type=STREAM.type, cursor=5),
        calling.failure("roster", **SERVERS, epoch=epoch, revision=20, cursor=cursor),
        calling.failure("roster", **SERVERS, epoch=epoch, revision=19, cursor=walking),
    ]
    assert {failure["class"] for failure in failures} == {"BadCursor"}


def test_requests_that_make_no_sense(calling: Calling) -> None:
    failures = [
        calling.failure("get_all", **SERVERS, limit=0),
        calling.failure("get_all", **SERVERS, max_age="old"),
        calling.failure("get_all", **SERVERS, fields=[]),
        calling.failure("get_all", **SERVERS, where=["id"]),
        calling.failure("get_all", **SERVERS, encoding="gzip"),
        calling.failure("get_all", **SERVERS, colour="blue"),
        calling.failure("get_all"),
        calling.failure("changes", **SERVERS, since=-1),
        calling.failure("changes", **SERVERS, epoch=1),
        calling.failure("get", **SERVERS),
        calling.failure("digests", **SERVERS, epoch="x"),
        calling.failure("digests", **SERVERS, epoch="x", revision=0, bits=11),
        calling.failure("roster", **SERVERS, epoch="x", revision=0, bits=1, bucket=2),
        calling.failure("history", **SERVERS, id="x", before=0),
        calling.failure("barrier", **SERVERS),
        calling.failure("paint", **SERVERS),
        calling.failure("describe", version="9.0"),
    ]
    assert {failure["class"] for failure in failures} == {"BadRequest"}


def test_a_part_that_an_entity_does_not_have(service: Service, calling: Calling) -> None:
    service.fill(1)
    assert calling.failure("get", **SERVERS, id="e0", part=1)["class"] == "BadRequest"


def test_a_listing_that_does_not_come(service: Service, calling: Calling) -> None:
    plain = calling.failure("get_all", type=UNLISTED.type)
    assert plain["class"] == "ServiceUnavailable"
    assert plain["kwargs"]["listed_at"] is None
    assert plain["kwargs"]["condition"] is None
    assert "since" not in plain["kwargs"]
    state = service.ledger.find(UNLISTED)
    assert state is not None
    service.ledger.set_condition(state.id, "503 from the service")
    failing = calling.failure("get_all", type=UNLISTED.type, max_age=60)
    assert failing["kwargs"]["condition"] == "503 from the service"
    assert failing["kwargs"]["since"].endswith("Z")


def test_a_listing_that_is_under_way_and_then_there(service: Service, calling: Calling) -> None:
    state = service.ledger.find(STREAM)
    assert state is not None
    now = time.time_ns() // 1000
    number = service.ledger.listings.begin(state.id, state.fence, "somebody", now, 60)
    assert number is not None
    failure = calling.failure("get_all", **SERVERS, max_age=0)
    assert failure["class"] == "Listing"
    token = failure["kwargs"]["cursor"]
    assert calling.failure("get_all", **SERVERS, cursor=token[:-4])["class"] == "BadCursor"
    listings = service.ledger.listings
    listings.proven(state.id, number, "somebody")
    following = listings.begin(state.id, state.fence, "somebody", now, 60)
    assert following is not None
    service.list_anew(STREAM)
    listings.proven(state.id, following, "somebody")
    assert calling.answer("get_all", **SERVERS, cursor=token)["held"] == 0


def test_a_listing_that_failed(service: Service, calling: Calling) -> None:
    state = service.ledger.find(STREAM)
    assert state is not None
    listings = service.ledger.listings
    now = time.time_ns() // 1000
    number = listings.begin(state.id, state.fence, "somebody", now, 60)
    assert number is not None
    problem = "503 from the service"
    listings.failed(state.id, number, "somebody", problem=problem, since=now, pause=60)
    failure = calling.failure("get_all", **SERVERS, max_age=0)
    assert failure["class"] == "ServiceUnavailable"
    assert failure["kwargs"]["condition"] == "503 from the service"
    assert failure["kwargs"]["retry_after"] > 0


def test_a_barrier_before_everything_is_published(service: Service, calling: Calling) -> None:
    service.wait_published()
    service.stop_relay()
    service.fill(1)
    failure = calling.failure("barrier", **SERVERS, nonce="n")
    assert failure["class"] == "ServiceUnavailable"
    assert failure["kwargs"]["retry_after"] > 0


def test_a_ledger_with_nothing_in_it_and_one_that_does_not_answer(
    service: Service, tmp_path: Path
) -> None:
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'l.sqlite'}", state_path=tmp_path, migrate=True)
    calls = transport.rpc_transport(service.url)
    endpoint = Endpoint(ledger, lambda *_: None, host="empty")
    other = RpcServer(calls, [endpoint], "empty", topic="synchronizer-empty")
    other.start()
    assert other.wait_started(60)
    calling = Calling(service.url, topic="synchronizer-empty")
    try:
        assert calling.answer("describe")["clouds"] == {}
        assert calling.failure("get_all", **SERVERS)["class"] == "ServiceUnavailable"
        (tmp_path / "l.sqlite").unlink()
        (tmp_path / "l.sqlite").mkdir()
        assert calling.failure("get_all", **SERVERS)["class"] == "ServiceUnavailable"
    finally:
        calling.close()
        other.stop()
        calls.cleanup()
        ledger.close()


def test_no_other_error_has_a_schema() -> None:
    assert error_classes() == {
        "UnknownType",
        "UnknownCloud",
        "NotFound",
        "Compacted",
        "EpochChanged",
        "BadCursor",
        "BadRequest",
        "Listing",
        "ServiceUnavailable",
    }
