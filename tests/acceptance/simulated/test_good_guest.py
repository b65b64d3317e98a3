# SPDX-License-Identifier: Apache-2.0
"""What the cloud's API is asked is what was planned, and never more than its budget."""

import dataclasses
import json
import pathlib
import time
from collections.abc import Callable

import pytest

from synchronizer.budget.limited import MOST
from synchronizer.simulator import Fault
from tests.support.daemon import Daemon
from tests.support.simulated import CLOUD, TYPE, SimulatedCloud
from tests.support.waiting import until

PATIENCE = 90
#: Whole listings over which calls are counted.
LISTINGS = 8
RETRY_AFTER = 8
#: Requests per minute.
BUDGET = 60
#: What was sent before an answer came cannot be held back.
IN_FLIGHT = 0.5

OPTIONS = """
[nova]
types = {type}
page_size = 50
{plugin}
[sampling]
interval = {interval}
changes_interval = {changes}
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """`at`: when it arrived, in seconds; `answered`: when its answer was sent."""

    at: float
    answered: float
    operation: str
    page: int | None
    status: int


class Guest:
    """A simulated cloud that writes down what it is asked."""

    def __init__(self, path: pathlib.Path, servers: int) -> None:
        self._log = path / "requests.jsonl"
        self.cloud = SimulatedCloud(
            path, servers=servers, options=("--request-log", str(self._log))
        )

    def daemon(self, interval: float, changes: float, plugin: str) -> Daemon:
        text = OPTIONS.format(type=TYPE, interval=interval, changes=changes, plugin=plugin)
        return Daemon(cloud=CLOUD, clouds_yaml=self.cloud.clouds_yaml, options=text)

    def asked(self) -> list[Asked]:
        """What Nova was asked, in order of arrival; tokens are Keystone's affair."""
        found = []
        for line in self._log.read_text().splitlines(keepends=True):
            if not line.endswith("\n"):
                continue  # being written
            of = json.loads(line)
            answered = of["at"] / 1e6
            if of["operation"] != "auth" and not of["path"].startswith("/identity"):
                found.append(
                    Asked(
                        answered - of["seconds"],
                        answered,
                        of["operation"],
                        of["page"],
                        of["status"],
                    )
                )
        return sorted(found, key=lambda asked: asked.at)

    def wait(self, what: str, enough: Callable[[list[Asked]], bool]) -> list[Asked]:
        until(what, lambda: enough(self.asked()), PATIENCE, 0.25)
        return self.asked()


def firsts(asked: list[Asked]) -> list[float]:
    """When listings began."""
    return [of.at for of in asked if of.operation == "list" and of.page == 0]


def fullest_minute(asked: list[Asked]) -> int:
    instants = [of.at for of in asked]
    most = first = 0
    for last, at in enumerate(instants):
        while instants[first] <= at - 60:
            first += 1
        most = max(most, last - first + 1)
    return most


def test_the_plan_tells_the_calls(tmp_path: pathlib.Path) -> None:
    guest = Guest(tmp_path, servers=160)
    with guest.cloud:
        daemon = guest.daemon(interval=5, changes=2, plugin="")
        (of_type, of_all) = json.loads(daemon.ask("plan", "-f", "json"))
        assert (of_type["type"], of_type["entities"], of_type["pages"]) == (TYPE, 160, 4)
        assert of_all["calls_per_hour"] == of_type["calls_per_hour"]
        before = len(firsts(guest.asked()))
        with daemon:
            # The first listing is followed by others, as it was the plan's that counted.
            asked = guest.wait(
                f"{LISTINGS} listings", lambda seen: len(firsts(seen)) >= before + LISTINGS + 2
            )
            began, ended = firsts(asked)[before + 1], firsts(asked)[before + 1 + LISTINGS]
            told = json.loads(daemon.ask("describe", "--activity", "-f", "json"))
        counted = [of for of in asked if began <= of.at < ended]
        expected = of_all["calls_per_hour"] * (ended - began) / 3600
        assert len(counted) == pytest.approx(expected, rel=0.1), (
            f"{len(counted)} calls in {ended - began:.1f} s, planned were {expected:.1f}"
        )
        listings = sum(of.operation == "list" for of in counted)
        assert listings == LISTINGS * of_type["pages"]

        (activity,) = told
        assert activity["errors"] == 0
        assert 0 < activity["calls"] <= len(guest.asked())
        assert activity["calls"] >= len(counted) / 2
        assert activity["seconds"] > 0
        assert activity["listing_seconds"] > 0
        assert 0 <= activity["stale_seconds"] < PATIENCE


def test_no_minute_exceeds_the_budget_and_retry_after_is_obeyed_by_all(
    tmp_path: pathlib.Path,
) -> None:
    guest = Guest(tmp_path, servers=900)
    with guest.cloud:
        daemon = guest.daemon(
            interval=2,
            changes=1,
            plugin=f"requests_per_minute = {BUDGET}\nmax_in_flight = 2",
        )
        planned = ("plan", "-f", "json", "--offline", "--count", f"{TYPE}=900")
        of_all = json.loads(daemon.ask(*planned))[-1]
        assert of_all["budget_percent"] > 300
        with daemon:
            begun = time.time()
            asked = guest.wait(
                "a minute and more", lambda seen: bool(seen) and time.time() > begun + 66
            )
            assert 50 <= fullest_minute(asked) <= BUDGET
            minute = [of for of in asked if begun + 5 <= of.at < begun + 65]
            changes = sum(of.operation == "changes" for of in minute)
            listing = sum(of.operation == "list" for of in minute)
            # Both want more than there is; which of them gets most depends on who comes first.
            assert max(changes, listing) <= MOST * BUDGET
            assert min(changes, listing) >= 5, "the one starved beside the other"

            fault = Fault(
                kind="error",
                status=429,
                retry_after=RETRY_AFTER,
                count=1,
                operations=frozenset({"list", "changes"}),
            )
            guest.cloud.control.add_fault(fault)
            asked = guest.wait("the refusal", lambda seen: any(of.status == 429 for of in seen))
            (refused,) = (of for of in asked if of.status == 429)
            asked = guest.wait(
                "what comes after it",
                lambda seen: any(of.at > refused.answered + RETRY_AFTER for of in seen),
            )
        early = [
            of
            for of in asked
            if refused.answered + IN_FLIGHT < of.at < refused.answered + RETRY_AFTER
        ]
        assert not early
        assert fullest_minute(asked) <= BUDGET
