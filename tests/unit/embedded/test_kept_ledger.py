# SPDX-License-Identifier: Apache-2.0
"""A ledger that lasts: who may use it, and going on from what a consumer knows."""

import pathlib
import threading
from typing import Any

import pytest

from synchronizer import errors
from synchronizer.client import Added, Copy, Deleted, Event, Resynced, Synced, Updated
from synchronizer.ledger import Ledger
from synchronizer.outgoing import MAX_BYTES
from tests.unit.embedded.things import (
    CLOUD,
    OTHER,
    THING,
    Things,
    embedded,
    until_equal,
    up_to_synced,
)

Token = tuple[str, int]


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "kept" / "ledger"


def run_to(path: pathlib.Path, entities: dict[str, dict[str, Any]], of: str = THING) -> Token:
    """A run that ends when it has recorded these; epoch and revision then."""
    things = Things(names=(of,))
    for id_, fields in entities.items():
        things.put(id_, of=of, **fields)
    with embedded(things, directory=path) as here:
        info = here.get_all(of, max_age=0).info
        assert info.count == len(entities)
    return info.epoch, info.revision


def later(**entities: dict[str, Any]) -> Things:
    things = Things()
    for id_, fields in entities.items():
        things.put(id_, **fields)
    return things


def test_history_goes_back_to_earlier_runs(path: pathlib.Path) -> None:
    run_to(path, {"a": {"n": 1}})
    things = later(a={"n": 2})
    with embedded(things, directory=path) as here, here.watch() as events:
        until_equal(events, Copy(), things.live())
        newest, first = here.history(THING, "a")
        assert (newest.op, newest.differences) == ("update", {"n": (1, 2)})
        assert (first.op, first.revision) == ("create", newest.revision - 1)
        with pytest.raises(errors.UnknownType):
            here.history("no.such", "a")


def test_a_later_run_goes_on_with_the_numbers_of_the_earlier(path: pathlib.Path) -> None:
    epoch, revision = run_to(path, {"a": {"n": 1}, "b": {"n": 1}})
    things = later(a={"n": 2}, b={"n": 1})
    with embedded(things, directory=path) as here, here.watch() as events:
        copy = Copy()
        until_equal(events, copy, things.live())
        (stream,) = here.describe()
        assert (stream.epoch, stream.revision) == (epoch, revision + 1)
    assert path.stat().st_mode & 0o777 == 0o700
    assert (path / "ledger.sqlite").stat().st_mode & 0o777 == 0o600


def test_a_watch_since_a_revision_tells_what_was_recorded_after_it(path: pathlib.Path) -> None:
    token = run_to(path, {"a": {"n": 1}, "b": {"n": 1}, "c": {"n": 1}})
    run_to(path, {"a": {"n": 2}, "c": {"n": 1}, "d": {"n": 1}})
    things = later(a={"n": 2}, c={"n": 1}, d={"n": 1})
    with embedded(things, directory=path) as here, here.watch(since={THING: token}) as events:
        told = up_to_synced(events)
        assert sorted((type(e).__name__, getattr(e, "id", "")) for e in told) == [
            ("Added", "d"),
            ("Deleted", "b"),
            ("Synced", ""),
            ("Updated", "a"),
        ]
        revisions = [e.revision for e in told if not isinstance(e, Resynced)]
        assert revisions[:3] == [token[1] + n for n in (1, 2, 3)]
        things.put("c", n=9)
        event = next(events)
        assert isinstance(event, Updated) and (event.id, event.new["n"]) == ("c", 9)
        assert events.streams[0].type == THING


def test_nothing_is_told_again_to_who_knows_everything(path: pathlib.Path) -> None:
    token = run_to(path, {"a": {"n": 1}})
    things = later(a={"n": 1})
    with embedded(things, directory=path) as here, here.watch(since={THING: token}) as events:
        (synced,) = up_to_synced(events)
        assert isinstance(synced, Synced) and synced.revision == token[1]


def test_an_entity_that_is_too_big_for_an_answer_is_told_whole(path: pathlib.Path) -> None:
    token = run_to(path, {"a": {"n": 1}})
    text = "x" * (MAX_BYTES + 1)
    run_to(path, {"a": {"n": 1}, "big": {"text": text}})
    things = later(a={"n": 1}, big={"text": text})
    with embedded(things, directory=path) as here, here.watch(since={THING: token}) as events:
        added, _ = up_to_synced(events)
        assert isinstance(added, Added) and added.entity == {"id": "big", "text": text}


@pytest.mark.parametrize("how", ["another epoch", "compacted", "above the revision"])
def test_what_cannot_be_gone_on_from_is_told_anew(path: pathlib.Path, how: str) -> None:
    epoch, revision = run_to(path, {"a": {"n": 1}, "b": {"n": 1}})
    epoch_now, revision_now = run_to(path, {"a": {"n": 2}, "b": {"n": 2}})
    assert (epoch_now, revision_now) == (epoch, revision + 2)
    token = {
        "another epoch": ("01ANOTHER", revision),
        "compacted": (epoch, revision),
        "above the revision": (epoch, revision_now + 50),
    }[how]
    if how == "compacted":
        ledger = Ledger.open(f"sqlite:///{path}/ledger.sqlite", state_path=path)
        (state,) = ledger.streams()
        ledger.mark_published(state.id, state.epoch, state.published, state.revision)
        assert ledger.compact(state.id, 1 << 62)
        ledger.close()
    things = later(a={"n": 2}, b={"n": 2})
    with embedded(things, directory=path) as here, here.watch(since={THING: token}) as events:
        first, *added, synced = up_to_synced(events)
        assert isinstance(first, Resynced) and first.reason
        assert {e.id: e.entity for e in added if isinstance(e, Added)} == things.live()
        assert isinstance(synced, Synced) and synced.count == 2


def test_types_without_a_token_are_told_whole(path: pathlib.Path) -> None:
    token = run_to(path, {"a": {"n": 1}})
    both = Things(names=(THING, OTHER))
    both.put("a", n=1)
    both.put("o", of=OTHER)
    with embedded(both, directory=path) as here, here.watch(since={THING: token}) as events:
        told: list[Event] = [*up_to_synced(events), *up_to_synced(events)]
        assert [(type(e), e.type) for e in told if e.type == OTHER] == [
            (Added, OTHER),
            (Synced, OTHER),
        ]
        assert [type(e) for e in told if e.type == THING] == [Synced]
        with pytest.raises(errors.UnknownType):
            here.watch(since={"things.none": token})


def test_closing_ends_a_resumed_watch_in_another_thread(path: pathlib.Path) -> None:
    token = run_to(path, {"a": {"n": 1}})
    things = later(a={"n": 1})
    with embedded(things, directory=path) as here:
        events = here.watch(since={THING: token})
        synced = threading.Event()

        def follow() -> None:
            for event in events:
                if isinstance(event, Synced):
                    synced.set()

        thread = threading.Thread(target=follow)
        thread.start()
        assert synced.wait(60)
        events.close()
        thread.join(60)
        assert not thread.is_alive()
        assert list(here.watch(since={THING: token}).__enter__().streams)


def test_deletes_while_nobody_ran_are_told_to_who_goes_on(path: pathlib.Path) -> None:
    token = run_to(path, {"a": {"n": 1}, "b": {"n": 1}})
    things = later(a={"n": 1})
    with embedded(things, directory=path) as here, here.watch(since={THING: token}) as events:
        while not isinstance(event := next(events), Deleted):
            assert isinstance(event, Synced)
        assert (event.id, event.cloud) == ("b", CLOUD)


def test_one_directory_is_for_one_at_a_time(path: pathlib.Path) -> None:
    with (
        embedded(later(a={"n": 1}), directory=path) as here,
        pytest.raises(errors.BadConfiguration, match="another program uses the ledger"),
    ):
        embedded(later(), directory=path)
    with embedded(later(), directory=path) as here:
        assert here.describe()


def test_a_directory_that_cannot_be_used_is_refused(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(errors.BadConfiguration, match="is a file"):
        embedded(later(), directory=file)
    with pytest.raises(errors.BadConfiguration, match="cannot be used"):
        embedded(later(), directory=file / "below")


def test_a_database_of_its_own_may_hold_the_ledger(
    path: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    url = f"sqlite:///{tmp_path}/elsewhere.sqlite"
    with embedded(later(a={"n": 1}), directory=path, ledger_url=url) as here:
        assert here.get_all(THING).info.count == 1
    assert (tmp_path / "elsewhere.sqlite").exists()
    assert not (path / "ledger.sqlite").exists()
