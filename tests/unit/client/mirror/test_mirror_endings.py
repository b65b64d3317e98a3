# SPDX-License-Identifier: Apache-2.0
"""How a mirror begins and ends, and what it says of how old it is."""

import threading
import time
from collections.abc import Callable

import pytest

from synchronizer import errors
from synchronizer.client import Mirror, Staleness
from synchronizer.client.mirror.staleness import GRACE
from synchronizer.client.standing import Standing
from synchronizer.model import StreamKey
from tests.support.waiting import until
from tests.unit.client.mirror.script import (
    PATIENCE,
    SERVERS,
    Script,
    added,
    resynced,
    standing,
    synced,
)

READING: list[Callable[[Mirror], object]] = [
    lambda mirror: mirror.get("nova.server", "a"),
    lambda mirror: mirror.list("nova.server"),
    lambda mirror: mirror.ids("nova.server"),
    lambda mirror: mirror.by("status", "ACTIVE"),
    lambda mirror: mirror.keys("status"),
    len,
    lambda mirror: mirror.has_synced(),
    lambda mirror: mirror.wait_synced(PATIENCE),
    lambda mirror: mirror.verify(PATIENCE),
    lambda mirror: mirror.subscribe(added=lambda _: None),
]


def ended(script: Script, mirror: Mirror, error: BaseException) -> None:
    script.put(added("a"), synced(), error)
    end = time.monotonic() + PATIENCE
    while mirror.staleness().problem != str(error):
        assert time.monotonic() < end


def test_what_cannot_pass_is_raised_to_every_caller(script: Script, mirror: Mirror) -> None:
    failure = errors.NotPermitted("the broker's password is wrong", since="then")
    ended(script, mirror, failure)
    for read in READING:
        with pytest.raises(errors.NotPermitted, match="password is wrong") as raised:
            read(mirror)
        assert raised.value is not failure and raised.value.since == "then"
    until("a closed watch", lambda: script.closed, PATIENCE)  # by the mirror's thread, at its end
    staleness = mirror.staleness()
    assert (staleness.connected, staleness.problem) == (False, str(failure))


def test_an_unknown_type_is_raised_as_what_it_is(script: Script, mirror: Mirror) -> None:
    ended(script, mirror, errors.UnknownType("no such type"))
    with pytest.raises(errors.UnknownType):
        mirror.wait_synced(PATIENCE)


def test_a_mirror_that_ended_for_a_defect_says_so(script: Script, mirror: Mirror) -> None:
    ended(script, mirror, ZeroDivisionError("a defect"))
    with pytest.raises(errors.Stop, match="has ended: ZeroDivisionError: a defect") as raised:
        mirror.list("nova.server")
    assert isinstance(raised.value.__cause__, ZeroDivisionError)


def waiting(mirror: Mirror) -> tuple[threading.Thread, list[object]]:
    """A thread that waits for the mirror to be whole, and what came of it."""
    outcome: list[object] = []

    def wait() -> None:
        try:
            outcome.append(mirror.wait_synced(PATIENCE))
        except errors.Stop as error:
            outcome.append(str(error))

    thread = threading.Thread(target=wait)
    thread.start()
    return thread, outcome


def test_who_waits_returns_when_all_streams_are_whole(script: Script, mirror: Mirror) -> None:
    other = StreamKey("c1", "cinder.volume")
    script.streams = (SERVERS, other)
    thread, outcome = waiting(mirror)
    script.tell(synced())
    assert not mirror.wait_synced(0) and outcome == []
    script.tell(synced(1, other))
    thread.join(PATIENCE)
    assert outcome == [True]


@pytest.mark.parametrize("stopped", [True, False])
def test_who_waits_returns_when_the_mirror_ends(
    script: Script, mirror: Mirror, stopped: bool
) -> None:
    thread, outcome = waiting(mirror)
    if stopped:
        script.put(errors.Stop("over"))
    else:
        mirror.close()
    thread.join(PATIENCE)
    assert outcome == (["over"] if stopped else [False])


def test_a_closed_mirror_serves_what_it_has(script: Script) -> None:
    with Mirror(script, ["nova.server"]) as mirror:
        script.tell(added("a"), synced())
    assert script.closed
    assert mirror.list("nova.server") == [{"id": "a"}]
    assert mirror.wait_synced(PATIENCE)
    assert mirror.staleness().problem == "the mirror is closed"
    for late in (
        lambda: mirror.subscribe(added=lambda _: None),
        lambda: mirror.verify(PATIENCE),
        mirror.start,
    ):
        with pytest.raises(errors.BadRequest):
            late()
    mirror.close()


def test_a_mirror_that_was_closed_before_it_was_whole_does_not_wait(script: Script) -> None:
    mirror = Mirror(script, ["nova.server"])
    assert mirror.staleness().problem == "the mirror has not started"
    mirror.close()
    assert not mirror.wait_synced(PATIENCE)


def test_a_mirror_starts_once(mirror: Mirror) -> None:
    with pytest.raises(errors.BadRequest, match="starts once"):
        mirror.start()


def staleness_of(script: Script, now: float, **standings: Standing) -> Staleness:
    script.standings = {StreamKey(name, "nova.server"): one for name, one in standings.items()}
    script.streams = tuple(script.standings)
    with Mirror(script, ["nova.server"], clock=lambda: now) as mirror:
        return mirror.staleness()


def test_a_current_copy_has_no_problem(script: Script) -> None:
    before = time.time_ns() // 1000
    found = staleness_of(script, 103.0, c1=standing(102.0, 101.0, proven_at=5))
    after = time.time_ns() // 1000
    assert (found.connected, found.problem, found.age, found.proven_at) == (True, None, 2.0, 5)
    assert found.heard_at is not None
    assert before - 1_000_000 <= found.heard_at <= after - 1_000_000


def test_silence_beyond_the_promise_is_a_lost_connection(script: Script) -> None:
    well = staleness_of(script, 20.0 + GRACE, c1=standing(0.0, silence=20.0))
    assert (well.connected, well.problem) == (True, None)
    lost = staleness_of(Script(), 22.0 + GRACE, c1=standing(0.0, silence=20.0))
    assert (lost.connected, lost.problem, lost.age) == (False, "silent for 23 s", 23.0)


def test_a_question_that_failed_is_a_lost_connection(script: Script) -> None:
    found = staleness_of(script, 1.0, c1=standing(problem="nobody answers"))
    assert (found.connected, found.problem) == (False, "nobody answers")


def test_of_several_streams_the_worst_counts(script: Script) -> None:
    well = standing(9.0, 9.0, proven_at=50)
    ill = standing(8.0, 5.0, proven_at=60, problem="ill")
    found = staleness_of(script, 10.0, c1=well, c2=ill)
    assert (found.age, found.proven_at, found.problem) == (5.0, 50, "ill")
    unknown = standing(None, None, proven_at=None)
    found = staleness_of(Script(), 10.0, c1=well, c2=unknown)
    assert found == Staleness(None, None, False, "nothing was heard yet", None)


def test_a_mirror_that_has_not_begun_says_why(script: Script, mirror: Mirror) -> None:
    script.streams, script.standings = (), {}
    assert mirror.staleness() == Staleness(None, None, False, "nothing was heard yet", None)
    script.problem = "nobody answers on local://"
    assert mirror.staleness().problem == script.problem
    assert not mirror.has_synced()


def test_a_stream_that_is_got_again_says_why(script: Script, mirror: Mirror) -> None:
    script.tell(added("a"))
    assert mirror.staleness().problem is None
    script.tell(synced(), resynced("another epoch"))
    found = mirror.staleness("nova.server")
    assert (found.connected, found.problem) == (True, "getting all again: another epoch")
    script.tell(synced())
    assert mirror.staleness().problem is None
