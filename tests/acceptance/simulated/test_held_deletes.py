# SPDX-License-Identifier: Apache-2.0
"""Deletes without evidence are held, shown, and decided on, with the commands of an operator."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from synchronizer.simulator import Fault
from tests.acceptance.simulated.settings import PATIENCE, options
from tests.support.copying import Copying
from tests.support.daemon import Daemon
from tests.support.simulated import CLOUD, TYPE, SimulatedCloud
from tests.support.waiting import until

SERVERS = 100
MANY = 30


class Running(NamedTuple):
    cloud: SimulatedCloud
    daemon: Daemon
    consumer: Copying

    def held(self) -> list[dict[str, Any]]:
        held: list[dict[str, Any]] = json.loads(self.daemon.ask("held", "list", "-f", "json"))
        return held

    def described(self) -> dict[str, Any]:
        (stream,) = json.loads(self.daemon.ask("describe", "-f", "json"))
        assert isinstance(stream, dict)
        return stream

    def listed_again(self) -> None:
        """Waits for a complete and proven listing that begins after now."""
        assert list(self.consumer.client.get_all(TYPE, max_age=0))

    def wait_held(self, count: int) -> None:
        def held() -> bool:
            return self.consumer.client.describe()[0].held == count

        until(f"{count} held deletes", held, PATIENCE, told=self.daemon.told())


def break_gets(cloud: SimulatedCloud, ids: set[str]) -> None:
    """A GET of one of these is answered 503; of others, as usual."""
    for id_ in ids:
        fault = Fault(kind="error", status=503, path=id_, operations=frozenset({"get"}))
        cloud.control.add_fault(fault)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with SimulatedCloud(tmp_path, servers=SERVERS) as cloud:
        settle = options().replace("[sampling]", "[sampling]\nsettle = 0")
        daemon = Daemon(cloud=CLOUD, clouds_yaml=cloud.clouds_yaml, options=settle)
        with daemon, Copying(daemon.transport_url, TYPE, cloud=CLOUD) as consumer:
            consumer.wait_synced(CLOUD, TYPE, PATIENCE)
            yield Running(cloud, daemon, consumer)


def test_a_lost_admin_role_deletes_nothing_and_clears_by_itself(running: Running) -> None:
    cloud, consumer = running.cloud, running.consumer
    before = running.described()
    cloud.control.add_fault(Fault(kind="lost-admin", variant="200-own-project", revoke=True))
    until("held deletes", lambda: consumer.client.describe()[0].held, PATIENCE)
    held, described = running.held(), running.described()
    own = SERVERS // 20  # as many as a project of the simulated cloud has
    assert len(held) == described["held"] == SERVERS - own
    assert {hold["id"] for hold in held} <= cloud.servers().keys()
    assert all(hold["reason"] and not hold["verdict"] for hold in held)
    proven = described["listed_at"]
    assert proven >= before["listed_at"]
    asked = cloud.control.stats()["operations"]["list"]
    until("another listing", lambda: cloud.control.stats()["operations"]["list"] > asked + 1)
    assert running.described()["listed_at"] == proven
    assert running.described()["count"] == SERVERS

    cloud.control.clear_faults()
    cloud.control.expire_tokens()
    running.wait_held(0)
    running.listed_again()
    assert running.held() == []
    assert running.described()["listed_at"] > proven
    assert consumer.deletes == []
    consumer.wait_equal(CLOUD, TYPE, cloud.servers(), PATIENCE)


def test_an_operator_confirms_a_mass_delete_that_nothing_else_can_prove(running: Running) -> None:
    cloud, consumer = running.cloud, running.consumer
    # Neither the changes nor a GET of these can tell; the listing alone shows less.
    cloud.control.add_fault(Fault(kind="error", status=503, operations=frozenset({"changes"})))
    gone = set(sorted(cloud.servers())[:MANY])
    break_gets(cloud, gone)
    for id_ in gone:
        cloud.control.mutate("delete", id_)
    running.wait_held(MANY)
    assert {hold["id"] for hold in running.held()} == gone
    assert consumer.deletes == []

    assert f"{MANY} confirmed" in running.daemon.ask("held", "confirm", TYPE, "--all")
    consumer.wait_equal(CLOUD, TYPE, cloud.servers(), PATIENCE)
    assert {id_ for _, id_ in consumer.deletes} == gone
    running.wait_held(0)


def test_released_deletes_are_judged_anew_and_stay_if_they_are_seen(running: Running) -> None:
    cloud, consumer = running.cloud, running.consumer
    hidden = set(sorted(cloud.servers())[:MANY])
    break_gets(cloud, hidden)
    number = cloud.control.add_fault(
        Fault(kind="down-cell", ids=frozenset(hidden), operations=frozenset({"list"}))
    )
    running.wait_held(MANY)
    assert {hold["id"] for hold in running.held()} == hidden

    assert f"{MANY} released" in running.daemon.ask("held", "release", TYPE, "--all")
    cloud.control.remove_fault(number)
    running.wait_held(0)
    running.listed_again()
    assert running.held() == []
    assert consumer.deletes == []
    consumer.wait_equal(CLOUD, TYPE, cloud.servers(), PATIENCE)
