# SPDX-License-Identifier: Apache-2.0
import pytest

from synchronizer.monitor.judge import AWAKE, LONGEST_GAP, Judge
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


@pytest.mark.parametrize("said_after_the_last_look", [False, True])
def test_after_a_long_sleep_of_the_host_all_can_be_heard_of_again(
    said_after_the_last_look: bool,
) -> None:
    judge = Judge()
    last = vital(100.5 if said_after_the_last_look else 100.0)
    assert names(judge, 10.0, vital(100.0)) == []
    for second in range(int(AWAKE)):
        assert names(judge, 3610.0 + second, last, vital(200.0, "broker")) == []
    # One has been heard of meanwhile, and one has not.
    assert names(judge, 3610.0 + AWAKE, last, vital(3700.0, "broker")) == ["relay"]


@pytest.mark.parametrize("gap", [1.0, 2.5, LONGEST_GAP])
def test_a_judge_who_is_a_little_late_gives_no_more_time(gap: float) -> None:
    judge = Judge()
    now = 0.0
    while now < 100.0:
        assert names(judge, now, vital(100.0)) == []
        now += gap
    assert names(judge, now, vital(100.0)) == ["relay"]
