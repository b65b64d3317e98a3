# SPDX-License-Identifier: Apache-2.0
"""What the vital signs mean, for people and for programs."""

import dataclasses
from collections.abc import Collection, Sequence
from typing import Any

from synchronizer.vitals import Phase, Vital

#: Phases in which a process does what it is there for, as far as the world allows.
AT_WORK = frozenset({Phase.RUNNING, Phase.STANDBY, Phase.RELOADING})

#: In words that end a sentence which begins with the process.
WORDS = {
    Phase.ABSENT: "is being started",
    Phase.STARTING: "begins",
    Phase.RESTORING: "restores its streams",
    Phase.RUNNING: "runs",
    Phase.STANDBY: "stands by",
    Phase.WAITING: "waits",
    Phase.BLOCKED: "cannot go on",
    Phase.RELOADING: "reloads its configuration",
    Phase.ENDING: "ends",
}

#: Starts after which a process that is being started again is waited for no longer: one that
#: ends again and again must not hold up the start of a host.
OFTEN = 5

_DO = {
    Phase.WAITING: "nothing if what it waits for comes back by itself; else see to that",
    Phase.BLOCKED: "what its message says; it tries again by itself",
    Phase.ENDING: "nothing; it is ending",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """`do`: what a person can do."""

    process: str
    problem: str
    do: str


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """How all processes are. `stuck`: what keeps it from being healthy; `missing`: what keeps
    it from being ready, beside that. `settled`: nothing is on the way any more that a start
    has to wait for."""

    vitals: tuple[Vital, ...]
    stuck: tuple[Problem, ...]
    missing: tuple[Problem, ...]
    now: float

    @property
    def healthy(self) -> bool:
        return not self.stuck

    @property
    def ready(self) -> bool:
        return not (self.stuck or self.missing)

    @property
    def settled(self) -> bool:
        return all(map(_is_settled, self.vitals))

    @property
    def ending(self) -> bool:
        return any(v.name == "master" and v.phase is Phase.ENDING for v in self.vitals)

    @property
    def status(self) -> str:
        """One line."""
        if self.ending:
            return "Ends"
        problems = [f"{of.process} makes no progress" for of in self.stuck]
        problems += [f"{of.process} {of.problem}" for of in self.missing]
        if problems:
            more = f"; and {len(problems) - 3} more" if len(problems) > 3 else ""
            return "; ".join(problems[:3]) + more
        standby = sum(vital.phase is Phase.STANDBY for vital in self.vitals)
        text = f"{len(self.vitals)} processes run"
        return f"{text}, {standby} of them standing by for another daemon" if standby else text


def report(vitals: Sequence[Vital], overdue: Collection[str], now: float) -> Report:
    """`overdue`: names of those who make no progress."""
    stuck = tuple(_stuck(vital, now) for vital in vitals if vital.name in overdue)
    missing = tuple(
        Problem(
            vital.name,
            # In one line, whatever a database or a cloud says: systemd reads another as an order.
            " ".join(f"{WORDS[vital.phase]}{vital.text and ': '}{vital.text}".split()),
            _do(vital),
        )
        for vital in vitals
        if vital.name not in overdue and vital.phase not in AT_WORK
    )
    return Report(tuple(vitals), stuck, missing, now)


def as_json(report: Report, *, ready: bool) -> dict[str, Any]:
    """The answer of /readyz, or of /healthz."""
    problems = (*report.stuck, *report.missing) if ready else report.stuck
    return {
        "ready" if ready else "healthy": report.ready if ready else report.healthy,
        "status": report.status,
        "problems": [dataclasses.asdict(problem) for problem in problems],
        "processes": [
            {
                "name": vital.name,
                "pid": vital.pid,
                "phase": vital.phase.name.lower(),
                "seconds": round(max(0.0, report.now - vital.since), 3),
                "starts": vital.starts,
                "due_within": round(vital.due - report.now, 3),
                "text": vital.text,
            }
            for vital in report.vitals
        ],
    }


def _do(vital: Vital) -> str:
    if _ends_often(vital):
        return f"what the log says of its end, if this lasts; it was started {vital.starts} times"
    return _DO.get(vital.phase, "nothing; it takes a moment")


def _ends_often(vital: Vital) -> bool:
    return vital.phase in (Phase.ABSENT, Phase.STARTING) and vital.starts >= OFTEN


def _is_settled(vital: Vital) -> bool:
    if _ends_often(vital):
        return True
    return vital.phase is Phase.BLOCKED or vital.phase in AT_WORK - {Phase.RELOADING}


def _stuck(vital: Vital, now: float) -> Problem:
    silent = f"makes no progress for {now - vital.progress:.0f} s"
    if vital.name == "master":
        return Problem(vital.name, silent, "restart the daemon; systemd's watchdog does it")
    activity = f" ({vital.activity})" if vital.activity else ""
    return Problem(vital.name, silent + activity, "nothing; it is killed and started again")
