# SPDX-License-Identifier: Apache-2.0
import pytest

from synchronizer.monitor.judge import Judge
from synchronizer.vitals import Vital


def names(judge: Judge, now: float, *vitals: Vital) -> list[str]:
    return [vital.name for vital in judge.overdue(vitals, now)]


def vital(due: float, name: str = "relay") -> Vital:
    return Vital(name, pid=1, starts=1, due=due)


def test_whose_deadline_has_passed_is_overdue() -> None:
    judge = Judge()
    assert names(judge, 10.0, vital(12.0), vital(15.0, "broker")) == []
    assert names(judge, 12.0, vital(12.0), vital(15.0, "broker")) == ["relay"]
    assert names(judge, 13.0, vital(14.0), vital(15.0, "broker")) == []


def test_who_never_began_is_not() -> None:
    assert names(Judge(), 1000.0, Vital("relay")) == []


def test_after_a_long_sleep_of_the_host_nobody_is() -> None:
    judge = Judge()
    assert names(judge, 10.0, vital(100.0)) == []
    assert names(judge, 3610.0, vital(100.0)) == []
    # What was lost is given back once, and not for ever.
    for second in range(84):
        assert names(judge, 3611.0 + second, vital(100.0)) == []
    assert names(judge, 3695.0, vital(100.0)) == ["relay"]


def test_a_deadline_that_is_new_after_the_sleep_counts_as_it_is() -> None:
    judge = Judge()
    names(judge, 10.0, vital(100.0))
    names(judge, 3610.0, vital(100.0))
    assert names(judge, 3611.0, vital(3620.0)) == []
    assert [names(judge, 3611.0 + s, vital(3620.0)) for s in (5, 10)] == [[], ["relay"]]


@pytest.mark.parametrize("gap", [1.0, 2.5, 5.0])
def test_a_judge_who_is_a_little_late_gives_nothing_back(gap: float) -> None:
    judge = Judge()
    now = 0.0
    while now < 100.0:
        assert names(judge, now, vital(100.0)) == []
        now += gap
    assert names(judge, now, vital(100.0)) == ["relay"]
