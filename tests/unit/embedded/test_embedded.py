# SPDX-License-Identifier: Apache-2.0
"""What an embedded synchronizer tells and answers, and how it begins and ends."""

import gc
import logging
import pathlib
import tempfile
import threading
import weakref
from typing import Any

import psutil
import pytest

from synchronizer import errors
from synchronizer.client import Added, Copy, Deleted, Synced, Updated
from synchronizer.embedded import Embedded
from synchronizer.ledger import Ledger
from tests.support.waiting import until
from tests.unit.embedded.things import (
    CLOUD,
    OTHER,
    THING,
    Listed,
    Things,
    embedded,
    until_equal,
    up_to_synced,
)


@pytest.fixture(autouse=True)
def temporary(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """Where temporary ledgers of this test go."""
    path = tmp_path / "temporary"
    path.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(path))
    return path


@pytest.fixture
def things() -> Things:
    source = Things()
    for number in range(3):
        source.put(f"t{number}", name=f"thing {number}")
    return source


def test_a_watch_tells_everything_and_then_each_change(things: Things) -> None:
    with embedded(things) as here, here.watch() as events:
        *added, synced = up_to_synced(events)
        assert {e.id: e.entity for e in added if isinstance(e, Added)} == things.live()
        assert isinstance(synced, Synced)
        assert (synced.count, synced.revision, synced.cloud) == (3, 3, CLOUD)
        things.put("t1", name="new")
        updated = next(events)
        assert isinstance(updated, Updated)
        assert (updated.id, updated.changed, updated.revision) == ("t1", ("name",), 4)
        things.put("t9", name="another")
        assert isinstance(next(events), Added)
        things.drop("t0")
        deleted = next(events)
        assert isinstance(deleted, Deleted) and deleted.id == "t0"


def test_entities_that_are_kept_show_what_they_were(things: Things) -> None:
    with embedded(things) as here, here.watch(keep_entities=True) as events:
        up_to_synced(events)
        things.put("t1", name="new")
        event = next(events)
        assert isinstance(event, Updated) and event.old == {"id": "t1", "name": "thing 1"}


def test_questions_are_answered_as_by_a_daemon(things: Things) -> None:
    with embedded(things) as here:
        snapshot = here.get_all(THING)
        assert {entity["id"]: entity for entity in snapshot} == things.live()
        assert [e["id"] for e in here.get_all(THING, where={"name": "thing 2"})] == ["t2"]
        version = here.get(THING, "t2")
        assert version.entity == {"id": "t2", "name": "thing 2"}
        changes = here.changes(THING, since=1, epoch=snapshot.info.epoch)
        assert [change.revision for change in changes.changes] == [2, 3]
        (stream,) = here.describe()
        assert (stream.type, stream.count, stream.problem) == (THING, 3, None)
        with pytest.raises(errors.NotFound):
            here.get(THING, "t7")
        with pytest.raises(errors.UnknownType, match=THING):
            here.get_all("things.thong")


def test_a_fresh_listing_shows_what_changes_do_not(things: Things) -> None:
    with embedded(things, changes_interval=None) as here:
        assert len(list(here.get_all(THING))) == 3
        things.put("t1", name="changed quietly")
        fresh = {entity["id"]: entity["name"] for entity in here.get_all(THING, max_age=0)}
        assert fresh["t1"] == "changed quietly"


def test_masked_fields_are_neither_told_of_nor_shown(things: Things) -> None:
    masks = {"volatile": {THING: ["beat"]}, "sensitive": {THING: ["password"]}}
    things.put("t1", beat=1, password="hush", n=1)
    with embedded(things, **masks) as here, here.watch() as events:
        added = [e for e in up_to_synced(events) if isinstance(e, Added)]
        assert {"id": "t1", "beat": 1, "n": 1} in [e.entity for e in added]
        things.put("t1", beat=2, password="other", n=1)
        things.put("t2", beat=1, n=2)
        event = next(events)
        assert isinstance(event, Updated) and event.id == "t2"


def test_a_copy_stays_exact_through_many_changes(things: Things) -> None:
    copy = Copy()
    with embedded(things) as here, here.watch() as events:
        for event in up_to_synced(events):
            copy.apply(event)
        for number in range(300):
            things.put(f"m{number % 50}", name=f"state {number}")
            if number % 7 == 0:
                things.drop(f"m{number % 50}")
        until_equal(events, copy, things.live())


def test_watches_do_not_share_what_they_tell(things: Things) -> None:
    with embedded(things) as here, here.watch() as one, here.watch() as two:
        up_to_synced(one)
        up_to_synced(two)
        things.put("t1", tags=["a"])
        first = next(one)
        assert isinstance(first, Updated)
        first.new["tags"].append("mine")
        second = next(two)
        assert isinstance(second, Updated) and second.new["tags"] == ["a"]


def test_a_type_that_fails_does_not_stop_another(
    things: Things, caplog: pytest.LogCaptureFixture
) -> None:
    both = Things(names=(THING, OTHER))
    both.put("o1", of=OTHER)
    both.failing[THING] = errors.SourceUnavailable("out of order")
    with embedded(both) as here, here.watch() as events:
        assert [event.type for event in up_to_synced(events)] == [OTHER, OTHER]
        both.put("o2", of=OTHER)
        told = next(events)
        assert isinstance(told, Added) and told.id == "o2"
        failing = {stream.type: stream.problem for stream in here.describe()}
        assert failing[OTHER] is None and "out of order" in str(failing[THING])


def test_a_source_that_is_away_is_told_once_and_waited_for(
    things: Things, caplog: pytest.LogCaptureFixture
) -> None:
    things.failing[THING] = errors.SourceUnavailable("nobody there")
    failing = threading.Event()

    class Told(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "nobody there" in record.getMessage():
                failing.set()

    logging.getLogger("synchronizer").addHandler(handler := Told())
    try:
        with embedded(things) as here, here.watch() as events:
            assert failing.wait(60)
            things.failing.clear()
            assert len(up_to_synced(events)) == 4
    finally:
        logging.getLogger("synchronizer").removeHandler(handler)
    warnings = [r for r in caplog.records if r.levelno >= logging.WARNING]
    assert [r.getMessage() for r in warnings] == [f"{CLOUD}/{THING}: listing fails: nobody there"]


def test_a_credential_that_is_refused_is_told_at_once(
    things: Things, temporary: pathlib.Path
) -> None:
    things.unchecked = errors.NotPermitted("the password is wrong")
    with pytest.raises(errors.NotPermitted, match="the password is wrong"):
        embedded(things)
    assert things.closed == 1
    assert not list(temporary.iterdir())


def test_a_check_that_is_slow_or_fails_otherwise_keeps_nothing_from_beginning(
    things: Things,
) -> None:
    things.unchecked = errors.SourceUnavailable("not now")
    with embedded(things) as here:
        assert len(list(here.get_all(THING))) == 3


def test_a_service_that_says_nothing_is_told_of_and_begun_with(
    things: Things, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("synchronizer.embedded.sources.CHECKING", 0.05)
    answer = threading.Event()
    monkeypatch.setattr(things, "check", lambda: [str(answer.wait(60))])
    with embedded(things) as here:
        assert len(list(here.get_all(THING))) == 3
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == [
        f"{CLOUD}/things: no answer within 0 s; it is waited for"
    ]
    answer.set()


def test_deletes_that_lack_evidence_are_held_until_somebody_decides() -> None:
    listed = Listed()
    for number in range(3):
        listed.put(f"t{number}")
    with embedded(listed, interval=0.1) as here, here.watch(THING) as events:
        up_to_synced(events)
        for number in range(3):
            listed.drop(f"t{number}")
        held = until("the deletes to be held", lambda: here.held(THING))
        assert {hold.id for hold in held} == {"t0", "t1", "t2"}
        assert here.describe()[0].held == 3
        assert here.decide(THING, "confirm") == 3
        told = [next(events) for _ in range(3)]
        assert {e.id for e in told if isinstance(e, Deleted)} == {"t0", "t1", "t2"}
        with pytest.raises(errors.UnknownType):
            here.held(OTHER)


def test_an_end_leaves_neither_threads_nor_files_nor_memory(
    things: Things, temporary: pathlib.Path
) -> None:
    with embedded(things):
        """What is made once for the process is made now."""
    before = set(threading.enumerate())
    files = psutil.Process().num_fds()
    ended = []
    for _ in range(3):
        with embedded(things) as here, here.watch() as events:
            up_to_synced(events)
            assert list(temporary.iterdir())
        ended += [weakref.ref(here), weakref.ref(here._ledger), weakref.ref(events)]
    del here, events
    assert set(threading.enumerate()) <= before
    assert psutil.Process().num_fds() == files
    assert not list(temporary.iterdir())
    assert things.closed == 4
    gc.collect()
    assert not [left for left in ended if left() is not None]


def test_closing_ends_a_watch_that_waits_in_another_thread(things: Things) -> None:
    here = embedded(things)
    events = here.watch()
    synced = threading.Event()
    told = []

    def follow() -> None:
        for event in events:
            told.append(event)
            if isinstance(event, Synced):
                synced.set()

    thread = threading.Thread(target=follow)
    thread.start()
    assert synced.wait(60)
    here.close()
    thread.join(60)
    assert not thread.is_alive() and len(told) == 4
    here.close()
    for question in (here.describe, here.watch, lambda: here.get_all(THING)):
        with pytest.raises(errors.Stop, match="closed"):
            question()


def test_a_request_that_hangs_holds_up_neither_the_beginning_nor_the_end(
    things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synchronizer.embedded.embedded.CLOSING", 0.2)
    things.resume.clear()
    here = embedded(things)
    events = here.watch()
    follower = threading.Thread(target=lambda: list(events))
    follower.start()
    assert things.asked.wait(60)
    here.close()
    follower.join(60)
    assert not follower.is_alive() and not things.closed
    things.resume.set()
    assert here._finishing is not None
    here._finishing.join(60)
    assert things.closed == 1


def test_a_process_that_takes_the_stream_over_ends_the_watch_with_an_error(
    things: Things, tmp_path: pathlib.Path
) -> None:
    path = tmp_path / "kept"
    with embedded(things, directory=path) as here, here.watch() as events:
        up_to_synced(events)
        other = Ledger.open(f"sqlite:///{path}/ledger.sqlite", state_path=path)
        other.claim(other.streams()[0].id, "another")
        other.close()
        things.put("t1", name="too late")
        with pytest.raises(errors.Fenced):
            next(events)
        with pytest.raises(errors.Fenced):
            here.describe()


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        ({"interval": 0}, errors.BadConfiguration, "interval"),
        ({"changes_interval": -1.0}, errors.BadConfiguration, "changes_interval"),
        ({"confirm_rate": 0}, errors.BadConfiguration, "confirm_rate"),
        ({"ledger_url": "sqlite:///x"}, errors.BadConfiguration, "directory"),
        ({"retention": 60.0, "interval": 31.0}, errors.BadConfiguration, "at least twice"),
        ({"volatile": {"a.b": ["c"]}}, errors.UnknownType, "a.b"),
    ],
)
def test_what_makes_no_sense_is_refused(
    things: Things, options: dict[str, Any], error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        embedded(things, **options)


def test_types_clouds_and_settings_that_nobody_knows_are_refused() -> None:
    with pytest.raises(errors.UnknownType, match=r"nova\.server"):
        Embedded(["nova.sever"], cloud="c1")
    with pytest.raises(errors.UnknownType, match=THING):
        Embedded(["nova.server"], cloud="c1", plugins=[Things()])
    with pytest.raises(errors.BadConfiguration, match="page_size"):
        Embedded(["nova.server"], cloud="c1", settings={"nova": {"sise": 1}})
    with pytest.raises(errors.BadConfiguration, match="cinder"):
        Embedded(["nova.server"], cloud="c1", settings={"cinder": {}})
    with pytest.raises(errors.BadRequest, match="cannot name a cloud"):
        Embedded(["nova.server"], cloud="a.b")
    with pytest.raises(errors.BadConfiguration, match="'c1'"):
        Embedded([THING], cloud="c2", plugins=[Things("c1")])
    with pytest.raises(errors.BadRequest, match="at least one"):
        Embedded([], cloud="c1")
