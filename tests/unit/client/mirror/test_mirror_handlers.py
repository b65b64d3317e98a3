# SPDX-License-Identifier: Apache-2.0
"""What handlers are told, when, and what they cannot do to a mirror."""

import logging
import threading

import pytest

from synchronizer import errors
from synchronizer.client import Added, Mirror, Updated
from synchronizer.client.mirror import handlers
from tests.unit.client.mirror.conftest import settle
from tests.unit.client.mirror.script import (
    PATIENCE,
    SERVERS,
    Script,
    Told,
    added,
    deleted,
    resynced,
    synced,
    updated,
)


def test_a_late_handler_is_told_what_is_there_and_then_what_happens(
    script: Script, mirror: Mirror, told: Told
) -> None:
    script.tell(added("a", 1, n=1), added("b", 2), synced(2), updated("a", 3, n=2))
    late = Told()
    mirror.subscribe(added=late, updated=late, deleted=late)
    script.tell(deleted("b", 4), resynced(), added("a", 3, n=2), added("c", 5), synced(5))
    settle(mirror)
    assert late.events[:2] == [added("a", 3, n=2), added("b", 2)]
    assert (
        late.folded()
        == told.folded()
        == {
            (SERVERS, "a"): {"id": "a", "n": 2},
            (SERVERS, "c"): {"id": "c"},
        }
    )


def test_a_handler_that_comes_amid_changes_is_told_each_once(
    script: Script, mirror: Mirror
) -> None:
    script.tell(added("counter", 1, n=0), synced())
    script.put(*(updated("counter", n + 1, n=n) for n in range(1, 2000)))
    late: list[Told] = []
    while script.left and len(late) < 20:
        late.append(Told())
        mirror.subscribe(added=late[-1], updated=late[-1], deleted=late[-1])
    script.tell()
    settle(mirror)
    for one in late:
        numbers = [
            e.entity["n"] if isinstance(e, Added) else e.new["n"]
            for e in one.events
            if isinstance(e, Added | Updated)
        ]
        assert numbers == list(range(numbers[0], 2000))
        assert one.folded() == {(SERVERS, "counter"): {"id": "counter", "n": 1999}}


def test_the_copy_is_changed_before_a_handler_is_told(script: Script, mirror: Mirror) -> None:
    seen: list[object] = []
    mirror.subscribe(
        added=lambda event: seen.append(mirror.get("nova.server", event.id)),
        deleted=lambda event: seen.append(mirror.get("nova.server", event.id)),
    )
    script.tell(added("a"), synced())
    settle(mirror)
    script.tell(deleted("a", 2))
    settle(mirror)
    assert seen == [{"id": "a"}, None]


def test_all_handlers_are_called_by_one_thread_in_the_order_of_their_subscription(
    script: Script, mirror: Mirror
) -> None:
    calls: list[tuple[int, str, threading.Thread]] = []
    for number in range(3):
        mirror.subscribe(
            added=lambda event, number=number: calls.append(  # type: ignore[misc]
                (number, event.id, threading.current_thread())
            )
        )
    script.tell(synced(), added("a", 1), added("b", 2))
    settle(mirror)
    assert [call[:2] for call in calls] == [(n, id_) for id_ in "ab" for n in range(3)]
    assert len({thread for _, _, thread in calls}) == 1
    assert threading.current_thread() not in {thread for _, _, thread in calls}


@pytest.mark.parametrize("raised", [ValueError("of a handler"), SystemExit(3)])
def test_a_handler_that_raises_is_logged_and_harms_nobody(
    script: Script,
    mirror: Mirror,
    caplog: pytest.LogCaptureFixture,
    raised: BaseException,
) -> None:
    def fail(event: Added) -> None:
        raise raised

    mirror.subscribe(added=fail)
    told = Told()
    mirror.subscribe(added=told)
    with caplog.at_level(logging.ERROR):
        script.tell(added("a", secret="s3cret"), synced())
        settle(mirror)
    assert told.events == [added("a", secret="s3cret")]
    assert "a handler failed on c1/nova.server a at revision 1" in caplog.text
    assert "s3cret" not in caplog.text
    assert mirror.staleness().problem is None


def test_only_the_functions_that_were_named_are_called(script: Script, mirror: Mirror) -> None:
    told = Told()
    mirror.subscribe(deleted=told)
    script.tell(added("a"), synced(), updated("a", 2, n=1), deleted("a", 3))
    settle(mirror)
    assert [event.id for event in told.events] == ["a"]
    with pytest.raises(errors.BadRequest):
        mirror.subscribe()


def test_a_handler_that_was_closed_is_told_nothing_more(script: Script, mirror: Mirror) -> None:
    told = Told()
    subscribed = mirror.subscribe(added=told)
    script.tell(synced(), added("a"))
    settle(mirror)
    subscribed.close()
    script.tell(added("b", 2))
    settle(mirror)
    assert [event.id for event in told.events] == ["a"]


def test_handlers_may_use_the_mirror_and_close_it(script: Script, mirror: Mirror) -> None:
    outcomes: list[object] = []
    told = Told()
    done = threading.Event()

    def handle(event: Added) -> None:
        outcomes.append(mirror.list("nova.server"))
        late = mirror.subscribe(added=told)
        try:
            late.wait(PATIENCE)
        except errors.BadRequest as error:
            outcomes.append(str(error))
        mirror.close()
        done.set()

    mirror.subscribe(added=handle)
    script.put(synced(), added("a"), added("b", 2))
    assert done.wait(PATIENCE)
    assert outcomes[1] == "a handler would wait for itself"
    assert told.events == [] and len(outcomes) == 2


def test_closing_waits_for_the_handler_that_is_called_and_calls_no_other(
    script: Script, mirror: Mirror
) -> None:
    began, go = threading.Event(), threading.Event()
    ended: list[str] = []

    def handle(event: Added) -> None:
        began.set()
        assert go.wait(PATIENCE)
        ended.append(event.id)

    subscribed = mirror.subscribe(added=handle)
    script.put(synced(), added("a"), added("b", 2))
    assert began.wait(PATIENCE)
    closing = threading.Thread(target=mirror.close)
    waiting = threading.Thread(target=lambda: ended.append(f"waited: {subscribed.wait(PATIENCE)}"))
    waiting.start()
    closing.start()
    waiting.join(PATIENCE)
    assert closing.is_alive()
    go.set()
    closing.join(PATIENCE)
    assert ended == ["waited: False", "a"]


def test_slow_handlers_hold_the_mirror_back_before_memory_runs_out(
    script: Script,
    mirror: Mirror,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(handlers, "MOST_WAITING", 50 * handlers.EACH)
    go = threading.Event()
    told = Told()

    def handle(event: Added) -> None:
        assert go.wait(PATIENCE)
        told(event)

    mirror.subscribe(added=handle)
    with caplog.at_level(logging.WARNING):
        script.put(synced(), *(added(f"e{n}", n) for n in range(200)))
        while "handlers are slow" not in caplog.text:
            assert script.left
        # One waits with the mirror's thread, and those before it were served.
        assert len(mirror) == 50 and script.left == 149
        go.set()
        script.tell()
    settle(mirror)
    assert [event.id for event in told.events] == [f"e{n}" for n in range(200)]
    assert caplog.text.count("handlers are slow") >= 1


def test_closing_lets_go_of_a_mirror_that_waits_for_handlers(
    script: Script, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handlers, "MOST_WAITING", handlers.EACH)
    began, go = threading.Event(), threading.Event()

    def handle(event: Added) -> None:
        began.set()
        assert go.wait(PATIENCE)

    mirror.subscribe(added=handle)
    script.put(synced(), added("a"), added("b", 2), added("c", 3))
    assert began.wait(PATIENCE)
    closing = threading.Thread(target=mirror.close)
    closing.start()
    go.set()
    closing.join(PATIENCE)
    assert not closing.is_alive() and not mirror._thread.is_alive()
