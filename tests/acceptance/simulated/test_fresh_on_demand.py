# SPDX-License-Identifier: Apache-2.0
"""`max_age=0` against the daemon: what nobody else would see, what it costs, how long it takes."""

import concurrent.futures
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from synchronizer import errors
from synchronizer.client import Client
from synchronizer.simulator import Fault
from tests.acceptance.simulated.settings import PATIENCE, options
from tests.support.daemon import Daemon
from tests.support.simulated import CLOUD, TYPE, SimulatedCloud
from tests.support.waiting import until

SERVERS = 60


class Running(NamedTuple):
    cloud: SimulatedCloud
    daemon: Daemon
    client: Client

    def servers(self, **question: Any) -> dict[str, dict[str, Any]]:
        return {one["id"]: one for one in self.client.get_all(TYPE, **question)}

    def listings(self) -> int:
        """Pages of listings that the cloud was asked for; each listing here is one page."""
        return int(self.cloud.control.stats()["operations"].get("list", 0))


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """The worker lists once when it begins, and then not for an hour."""
    with SimulatedCloud(tmp_path, servers=SERVERS) as cloud:
        rare = options(interval=3600.0) + "[snapshot]\nfirst_listing_timeout = 3\n"
        daemon = Daemon(cloud=CLOUD, clouds_yaml=cloud.clouds_yaml, options=rare)
        with daemon, Client(daemon.transport_url, cloud=CLOUD, timeout=PATIENCE) as client:

            def begun() -> bool:
                try:
                    return client.describe()[0].listed_at is not None
                except (errors.NobodyAnswers, errors.BusUnavailable, IndexError):
                    return False

            until("the first listing", begun, PATIENCE)
            yield Running(cloud, daemon, client)


def test_it_sees_what_changes_since_does_not_show(running: Running) -> None:
    changed = running.cloud.control.mutate("address")
    truth = running.cloud.servers()
    seen = running.servers(max_age=0, timeout=PATIENCE)
    assert seen[changed]["addresses"] == truth[changed]["addresses"]
    assert seen == truth
    # Who asks for nothing fresh has it from now on, too.
    assert running.servers() == truth


def test_what_is_gone_is_gone_in_the_answer(running: Running) -> None:
    gone = running.cloud.control.mutate("delete")
    seen = running.servers(max_age=0, timeout=2 * PATIENCE)
    assert gone not in seen
    assert seen == running.cloud.servers()


def test_twenty_callers_cost_at_most_two_listings(running: Running) -> None:
    one = running.listings()  # the worker's first
    running.cloud.pause()
    told: set[int] = set()

    def call(which: int) -> dict[str, dict[str, Any]]:
        return running.servers(max_age=0, timeout=2 * PATIENCE, waiting=lambda *_: told.add(which))

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        calls = [pool.submit(call, which) for which in range(20)]
        try:
            until("all to be told that a listing is under way", lambda: len(told) == 20)
        finally:
            running.cloud.resume()
        answers = [one.result(2 * PATIENCE) for one in calls]
    assert answers == [running.cloud.servers()] * 20
    assert running.listings() - one <= 2 * one


def test_a_slow_listing_is_waited_for_in_many_calls_with_its_token(running: Running) -> None:
    one = running.listings()
    running.cloud.control.mutate("address")
    running.cloud.control.add_fault(
        Fault(kind="slow", seconds=20, operations=frozenset({"list"}), count=1)
    )
    cursors: list[str] = []

    def note(told: errors.Listing, seconds: float) -> None:
        cursors.append(told.cursor)

    seen = running.servers(max_age=0, timeout=2 * PATIENCE, waiting=note)
    assert seen == running.cloud.servers()
    assert len(cursors) >= 3
    assert set(cursors) == {cursors[0]}  # one listing was waited for, no newer one demanded
    assert running.listings() - one == one


def test_a_source_that_is_out_is_told_with_since_when_and_is_not_hammered(
    running: Running,
) -> None:
    running.cloud.control.add_fault(
        Fault(kind="error", status=503, retry_after=600, operations=frozenset({"list"}))
    )
    before = running.listings()
    for _ in range(3):
        with pytest.raises(errors.ServiceUnavailable) as told:
            running.servers(max_age=0, timeout=PATIENCE)
        assert not isinstance(told.value, errors.Listing)
        assert told.value.since
        assert told.value.retry_after > 300
    assert running.listings() - before == 1
    # What is recorded is there all the same, and says how old it is.
    snapshot = running.client.get_all(TYPE)
    assert len(list(snapshot)) == SERVERS
    assert snapshot.info.listed_at is not None


def test_the_command_lists_now(running: Running) -> None:
    changed = running.cloud.control.mutate("address")
    text = running.daemon.ask("get-all", TYPE, "--max-age", "0", "--wait", "60", "-f", "json")
    seen = {server["id"]: server for server in json.loads(text)}
    assert seen[changed]["addresses"] == running.cloud.servers()[changed]["addresses"]
