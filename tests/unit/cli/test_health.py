# SPDX-License-Identifier: Apache-2.0
"""What `status` finds, from where the streams stand."""

import pytest

from synchronizer.cli import health
from synchronizer.client import StreamInfo
from tests.unit.cli.streams import NOW, SECOND, listed, stream


def found(*streams: StreamInfo) -> list[tuple[str, tuple[str, ...], str]]:
    return [(f.level, f.types, f.what) for f in health.judged(streams, NOW)]


def test_nothing_is_told_of_what_is_well() -> None:
    streams = [stream(), stream("cinder.volume"), stream(cloud="chicago")]
    assert found(*streams) == []
    assert health.is_well([])


def test_types_with_the_same_problem_are_told_together() -> None:
    down = {"problem": "listing: no answer", "failing_since": NOW - 60 * SECOND}
    later = down | {"failing_since": NOW - 50 * SECOND}
    streams = [stream("cinder.volume", **later), stream("cinder.pool", **down), stream()]
    (finding,) = health.judged([*streams, stream("heat.stack", **down)], NOW)[:1]
    assert finding.types == ("cinder.volume", "cinder.pool")
    assert (finding.what, finding.since) == ("listing: no answer", NOW - 60 * SECOND)
    assert len(health.judged([*streams, stream("heat.stack", **down)], NOW)) == 2


def test_notifications_that_are_not_heard_are_told_as_what_they_are() -> None:
    deaf = stream(problem="notifications: the bus is away", failing_since=NOW)
    (finding,) = health.judged([deaf], NOW)
    assert "sampling goes on" in finding.do
    both = stream(problem="listing: x; notifications: y", failing_since=NOW)
    (finding,) = health.judged([both], NOW)
    assert "look at the service" in finding.do


@pytest.mark.parametrize(
    ("age", "took", "late"),
    [(600.0, 5.0, False), (1210.0, 5.0, False), (1271.0, 5.0, True), (1271.0, 600.0, False)],
)
def test_a_proof_is_overdue_after_twice_what_it_takes(age: float, took: float, late: bool) -> None:
    levels = [level for level, _, _ in found(stream(**listed(age, took)))]
    assert levels == (["wrong"] if late else [])


def test_how_old_is_too_old_is_not_known_without_the_interval() -> None:
    assert found(stream(**listed(1e6), interval=None)) == []


def test_an_age_is_the_servers_own_and_else_by_our_clock() -> None:
    told = stream(**listed(7.0))
    assert health.age_of(told, NOW + 99 * SECOND) == 7.0
    assert health.age_of(stream(activity=None), NOW + 9 * SECOND) == 39.0


def test_a_type_that_was_never_listed_is_waited_for() -> None:
    ((level, types, _),) = found(stream(**listed(None)), stream("nova.flavor"))
    assert (level, types) == ("wait", ("nova.server",))
    assert not health.is_well(health.judged([stream(**listed(None))], NOW))


def test_held_deletes_are_told_and_not_that_their_proof_is_old() -> None:
    ((level, _, what),) = found(stream(held=1, **listed(1e6)))
    assert (level, what) == ("wrong", "1 delete is held for want of evidence")


def test_changes_that_do_not_get_published_are_told() -> None:
    behind = stream(published=93)
    assert health.judged([behind], NOW) == [], "it may be on its way"
    (finding,) = health.judged([behind], NOW, {behind.stream})
    assert finding.what.startswith("7 changes wait to be published")


def test_a_daemon_that_samples_nothing_is_told_what_to_do() -> None:
    (finding,) = health.judged([], NOW)
    assert finding.level == "wrong"
    assert "clouds" in finding.do


def test_who_samples_is_told_where_there_are_several_and_is_well() -> None:
    findings = health.judged([stream(), stream("nova.flavor", owner="ctl2:8")], NOW)
    assert [f.what for f in findings] == ["several hosts sample: ctl1, ctl2"]
    assert health.is_well(findings)


def test_the_worst_comes_first() -> None:
    down = stream("heat.stack", problem="listing: x", failing_since=NOW)
    levels = [f.level for f in health.judged([stream(**listed(None)), down], NOW)]
    assert levels == ["wrong", "wait"]


def test_services_are_summed_up() -> None:
    streams = [
        stream("nova.server", count=3, **listed(10.0)),
        stream("nova.flavor", count=4, published=98, **listed(20.0)),
        stream("cinder.volume", held=2),
        stream("cinder.pool", **listed(None)),
    ]
    cinder, nova = health.services(streams, health.judged(streams, NOW), NOW)
    assert (nova.types, nova.entities, nova.proven, nova.waiting, nova.well) == (
        2,
        7,
        20.0,
        2,
        True,
    )
    assert (cinder.held, cinder.proven, cinder.well) == (2, None, False)
    assert nova.owners == ("ctl1:77",)
