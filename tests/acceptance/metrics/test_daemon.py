# SPDX-License-Identifier: Apache-2.0
"""The metrics of a real daemon: all are shown, they are right, and no kill takes any back."""

import contextlib
import os
import signal
from collections.abc import Iterator

import pytest

from synchronizer.client import Client
from synchronizer.metrics.catalogue import METRICS, STREAM_LISTING
from synchronizer.simulator import Fault
from tests.acceptance.metrics.conftest import Promtool
from tests.acceptance.metrics.watched import (
    NAMES,
    PATIENCE,
    PROCESSES,
    WORKERS,
    Page,
    Watched,
    of,
)
from tests.support.simulated import TYPE
from tests.support.waiting import until

#: Of each worker.
KILLS = 5
#: One of these dies with the workers.
OTHERS = ("relay", "snapshot 0", "monitor", "broker", "relay")


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with Watched(tmp_path_factory.mktemp("metrics")) as made:
        yield made


def processes_on(page: Page, name: str) -> list[str]:
    return [dict(labels)["process"] for found, labels in page if found == f"synchronizer_{name}"]


def gauges_on(page: Page) -> set[tuple[str, tuple[tuple[str, str], ...]]]:
    gauges = {metric.name for metric in METRICS.values() if metric.kind == "gauge"}
    return {series for series in page if series[0] in gauges}


def test_every_metric_there_is_is_shown_once_it_has_something_to_tell(watched: Watched) -> None:
    broken = Fault(kind="error", status=500, count=2, operations=frozenset({"changes"}))
    watched.cloud.control.add_fault(broken)
    watched.until_page("all clouds listed", listings_total=len(NAMES), stream_entities=60)
    with contextlib.closing(Client(watched.daemon.transport_url)) as client:
        client.describe()
    watched.until_page("a failure and a call", poll_failures_total=1, rpc_seconds_count=1)
    page = all_there(watched)
    shown = {name for name, _ in page}
    assert {series for metric in METRICS.values() for series in metric.series} == shown
    assert sorted(processes_on(page, "process_up")) == sorted(PROCESSES)
    assert {dict(labels).get("pid") for _, labels in page} == {None}


def test_the_numbers_are_those_of_the_cloud(watched: Watched) -> None:
    servers = watched.cloud.servers()
    total = len(NAMES) * len(servers)
    page = watched.until_page(
        "all of each cloud, published", stream_entities=total, changes_total=total, bus_up=1
    )
    for name in NAMES:
        stream = {"cloud": name, "type": TYPE}
        assert of(page, "stream_entities", **stream) == len(servers)
        assert of(page, "changes_total", **stream) == of(page, "stream_revision", **stream)
        assert of(page, "changes_total", **stream, op="create") == len(servers)
        assert of(page, "stream_interval_seconds", **stream) == 3
        assert of(page, "stream_held_deletes", **stream) == 0
        assert of(page, "entities_observed_total", **stream) >= len(servers)
    assert of(page, "process_up") == len(PROCESSES)
    assert of(page, "process_starts_total") == len(PROCESSES)
    assert of(page, "bus_publish_seconds_count") >= len(NAMES)


def test_prometheus_has_nothing_against_the_page(watched: Watched, promtool: Promtool) -> None:
    promtool("check", "metrics", text=watched.text())


def test_kills_take_no_count_back_and_leave_no_ghosts(watched: Watched) -> None:
    before = all_there(watched)
    watched.cloud.control.churn(rate=20)
    for other in OTHERS:
        kill(watched, {*WORKERS, other})
    watched.cloud.control.churn(rate=0)
    after = all_there(watched)
    assert gauges_on(after) ^ gauges_on(before) == set()
    assert set(before) <= set(after)
    assert sorted(processes_on(after, "process_starts_total")) == sorted(PROCESSES)
    killed = {**dict.fromkeys(WORKERS, KILLS), "relay": OTHERS.count("relay")}
    for name, times in killed.items():
        hung = of(after, "process_hangs_total", process=name)
        assert of(after, "process_starts_total", process=name) == 1 + times + hung
    for name in NAMES:
        stream = {"cloud": name, "type": TYPE}
        # Of what was recorded right before a kill no more could be counted.
        counted, revision = (
            of(after, "changes_total", **stream),
            of(after, "stream_revision", **stream),
        )
        assert of(before, "changes_total", **stream) < counted <= revision


def all_there(watched: Watched) -> Page:
    """A page with all processes, and everything of each stream."""

    def complete() -> Page | None:
        page = watched.until_page("all processes", process_up=len(PROCESSES), ledger_up=1)
        listed = sum(name == STREAM_LISTING.name for name, _ in page)
        return page if listed == len(NAMES) else None

    found = until("a listing of each stream", complete, PATIENCE, told=watched.daemon.told())
    assert found is not None
    return found


def kill(watched: Watched, victims: set[str]) -> None:
    """All at once, while they work; returns when all work again."""
    was = watched.processes()
    for name in victims:
        os.kill(was[name]["pid"], signal.SIGKILL)

    def again() -> bool:
        now = watched.processes()
        return all(
            now[name]["starts"] > was[name]["starts"] and now[name]["phase"] == "running"
            for name in victims
        )

    until(f"{sorted(victims)} to be there again", again, PATIENCE, told=watched.daemon.told())
    asked = {name: of(watched.page(), "api_requests_total", cloud=name) for name in NAMES}

    def ask() -> bool:
        page = watched.page()
        return all(of(page, "api_requests_total", cloud=name) > asked[name] for name in NAMES)

    until("all to ask again", ask, PATIENCE, told=watched.daemon.told())
