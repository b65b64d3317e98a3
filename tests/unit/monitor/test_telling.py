# SPDX-License-Identifier: Apache-2.0
"""What people, programs and systemd are told of the vital signs."""

import pytest

from synchronizer.monitor.announcing import Announcing
from synchronizer.monitor.report import OFTEN, Report, as_json, report
from synchronizer.monitor.systemd import Systemd, from_environment
from synchronizer.vitals import Phase, Vital


class Heard(Systemd):
    """A systemd that keeps what it was told."""

    def __init__(self, watchdog: float = 60.0) -> None:
        super().__init__("/none", watchdog)
        self.lines: list[str] = []
        self.has_room = True

    def tell(self, *lines: str) -> bool:
        if self.has_room:
            self.lines += lines
        return self.has_room

    def taken(self) -> list[str]:
        """What was told since the last time, but for the status and the time."""
        lines, self.lines = self.lines, []
        return [line for line in lines if not line.startswith(("STATUS=", "MONOTONIC_USEC="))]


def seen(*late: str, turn: int = 0, **phases: Phase) -> Report:
    """How a daemon is; processes run unless another phase is given."""
    all_ = {"relay": Phase.RUNNING, "worker": Phase.RUNNING, "master": Phase.RUNNING} | phases
    vitals = [
        Vital(name, 7, 1, phase, due=160.0, progress=90.0, turn=turn if name == "master" else 0)
        for name, phase in all_.items()
    ]
    return report(vitals, late, 150.0)


def test_all_is_well_when_all_run() -> None:
    found = seen()
    assert (found.healthy, found.ready, found.settled, found.status) == (
        True,
        True,
        True,
        "3 processes run",
    )


@pytest.mark.parametrize("phase", [Phase.ABSENT, Phase.STARTING, Phase.RESTORING, Phase.WAITING])
def test_what_is_on_its_way_is_healthy_but_not_ready(phase: Phase) -> None:
    found = seen(worker=phase)
    assert (found.healthy, found.ready, found.settled) == (True, False, False)
    (problem,) = found.missing
    assert problem.process == "worker"
    assert problem.do.startswith("nothing")


def test_what_waits_for_a_person_holds_up_no_start_but_is_not_ready() -> None:
    found = seen(worker=Phase.BLOCKED)
    assert (found.healthy, found.ready, found.settled) == (True, False, True)
    assert found.status == "worker cannot go on"


@pytest.mark.parametrize("phase", [Phase.ABSENT, Phase.STARTING])
def test_what_ends_again_and_again_holds_up_no_start_but_is_not_ready(phase: Phase) -> None:
    seldom, often = (
        report([Vital("worker", 7, starts, phase)], (), 150.0) for starts in (OFTEN - 1, OFTEN)
    )
    assert (seldom.settled, often.settled) == (False, True)
    assert not often.ready
    assert seldom.missing[0].do.startswith("nothing")
    assert f"the log says of its end, if this lasts; it was started {OFTEN}" in often.missing[0].do


def test_who_stands_by_is_ready() -> None:
    found = seen(worker=Phase.STANDBY)
    assert found.ready
    assert found.settled
    assert found.status == "3 processes run, 1 of them standing by for another daemon"


def test_who_makes_no_progress_is_neither_healthy_nor_ready() -> None:
    found = seen("relay")
    assert not found.healthy
    assert not found.ready
    assert as_json(found, ready=False)["problems"] == [
        {
            "process": "relay",
            "problem": "makes no progress for 60 s",
            "do": "nothing; it is killed and started again",
        }
    ]


def test_what_is_missing_is_no_problem_of_health() -> None:
    found = seen(worker=Phase.RESTORING)
    health, readiness = as_json(found, ready=False), as_json(found, ready=True)
    assert (health["healthy"], health["problems"]) == (True, [])
    assert (readiness["ready"], len(readiness["problems"])) == (False, 1)
    assert [process["phase"] for process in health["processes"]] == [
        "running",
        "restoring",
        "running",
    ]


def test_ready_is_told_once_and_before_that_there_is_more_time() -> None:
    heard = Heard()
    announcing = Announcing(heard)
    announcing.tell(seen(worker=Phase.RESTORING), hope=True)
    assert heard.taken() == ["WATCHDOG=1", "EXTEND_TIMEOUT_USEC=60000000"]
    announcing.tell(seen(), hope=True)
    assert heard.taken() == ["WATCHDOG=1", "READY=1"]
    announcing.tell(seen(worker=Phase.RESTORING), hope=True)
    announcing.tell(seen(), hope=True)
    assert heard.taken() == ["WATCHDOG=1", "WATCHDOG=1"]


def test_a_start_that_is_stuck_gets_no_more_time() -> None:
    heard = Heard()
    Announcing(heard).tell(seen("worker", worker=Phase.RESTORING), hope=False)
    assert heard.taken() == []


def test_the_watchdog_is_fed_as_long_as_there_is_hope() -> None:
    heard = Heard()
    announcing = Announcing(heard)
    announcing.tell(seen("worker"), hope=True)
    assert "WATCHDOG=1" in heard.taken()
    announcing.tell(seen("worker"), hope=False)
    assert heard.taken() == []


def test_who_has_no_watchdog_is_not_fed() -> None:
    heard = Heard(watchdog=0.0)
    Announcing(heard).tell(seen(), hope=True)
    assert heard.taken() == ["READY=1"]


def test_what_systemd_has_no_room_for_is_told_again() -> None:
    heard = Heard(watchdog=0.0)
    announcing = Announcing(heard)
    for report_, line in (
        (seen(), "READY=1"),
        (seen(turn=1), "RELOADING=1"),
        (seen(turn=1), "READY=1"),
        (seen(master=Phase.ENDING), "STOPPING=1"),
    ):
        heard.has_room = False
        announcing.tell(report_, hope=True)
        heard.has_room = True
        announcing.tell(report_, hope=True)
        assert heard.taken() == [line]


def test_ready_is_not_told_while_the_configuration_is_read() -> None:
    heard = Heard(watchdog=0.0)
    announcing = Announcing(heard)
    announcing.tell(seen(), hope=True)
    announcing.tell(seen(turn=1, master=Phase.RELOADING), hope=True)
    heard.taken()
    announcing.tell(seen(turn=1, master=Phase.RELOADING), hope=True)
    assert heard.taken() == ["EXTEND_TIMEOUT_USEC=60000000"]
    announcing.tell(seen(turn=1), hope=True)
    assert heard.taken() == ["READY=1"]


def test_what_another_program_said_gives_systemd_no_orders() -> None:
    relay = Vital("relay", 7, 1, Phase.WAITING, text="FATAL: away\nSTOPPING=1\n")
    found = report([relay], (), 150.0)
    assert found.status == "relay waits: FATAL: away STOPPING=1"
    assert found.missing[0].problem == "waits: FATAL: away STOPPING=1"


def test_a_reload_is_told_and_ready_after_it() -> None:
    heard = Heard(watchdog=0.0)
    announcing = Announcing(heard)
    announcing.tell(seen(), hope=True)
    heard.taken()
    announcing.tell(seen(turn=1), hope=True)
    assert any(line.startswith("MONOTONIC_USEC=") for line in heard.lines)
    assert heard.taken() == ["RELOADING=1"]
    announcing.tell(seen(turn=1, relay=Phase.STARTING), hope=True)
    assert heard.taken() == ["EXTEND_TIMEOUT_USEC=60000000"]
    announcing.tell(seen(turn=1), hope=True)
    assert heard.taken() == ["READY=1"]


def test_the_end_is_told_once() -> None:
    heard = Heard(watchdog=0.0)
    announcing = Announcing(heard)
    announcing.tell(seen(master=Phase.ENDING), hope=True)
    announcing.stopping()
    assert heard.taken() == ["STOPPING=1"]


def test_the_status_is_told_when_it_is_another() -> None:
    heard = Heard()
    announcing = Announcing(heard)
    for _ in range(3):
        announcing.tell(seen(worker=Phase.RESTORING), hope=True)
    announcing.tell(seen(), hope=True)
    assert [line for line in heard.lines if line.startswith("STATUS=")] == [
        "STATUS=worker restores its streams",
        "STATUS=3 processes run",
    ]


def test_what_systemd_asked_for_is_taken_out_of_the_environment() -> None:
    environment = {"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "60000000", "PATH": "/bin"}
    systemd = from_environment(environment)
    assert bool(systemd)
    assert systemd.watchdog == 60.0
    assert environment == {"PATH": "/bin"}


@pytest.mark.parametrize(
    "environment",
    [{}, {"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "soon"}],
)
def test_what_is_not_for_us_is_not_obeyed(environment: dict[str, str]) -> None:
    systemd = from_environment(environment)
    assert not systemd
    assert systemd.watchdog == 0.0


def test_a_systemd_that_is_away_disturbs_nobody() -> None:
    assert not Systemd("/nowhere/at/all").tell("READY=1")
    assert Systemd().tell("READY=1")  # nobody wants to know
