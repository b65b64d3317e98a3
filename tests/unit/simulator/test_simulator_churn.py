# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from synchronizer.simulator.churn import MutationRefusedError
from synchronizer.simulator.operations import KINDS
from synchronizer.simulator.world import Server, UnknownServerError

Offline = Callable[..., Any]


class Recorder:
    def __init__(self) -> None:
        self.seen: list[tuple[int, int, str, str, Server]] = []

    def record(self, seq: int, at: int, op: str, kind: str, server: Server) -> None:
        self.seen.append((seq, at, op, kind, server))


class Refusing:
    def record(self, seq: int, at: int, op: str, kind: str, server: Server) -> None:
        raise OSError("disk full")


def churned(cloud: Any, steps: int) -> list[tuple[int, int, str, str, Server]]:
    recorder = Recorder()
    cloud.world.recorder = recorder
    cloud.churn.step(steps)
    return recorder.seen


def test_the_same_seed_makes_the_same_mutations_in_the_same_order(offline: Offline) -> None:
    first, second = (churned(offline(servers=30, seed=5), 400) for _ in range(2))
    assert first == second
    assert first != churned(offline(servers=30, seed=6), 400)


def test_every_kind_of_operation_happens(offline: Offline) -> None:
    seen = churned(offline(servers=100), 2000)
    assert {kind for _, _, _, kind, _ in seen} == {*KINDS, "create"}
    assert [seq for seq, *_ in seen] == list(range(1, len(seen) + 1))
    ats = [at for _, at, *_ in seen]
    assert ats == sorted(set(ats))


def test_stopping_passes_through_a_task_and_updated_moves(offline: Offline) -> None:
    cloud = offline(servers=50)
    first = cloud.world.server(0).state
    phases = cloud.churn.mutate("stop")
    assert [(one.state.status, one.state.task_state) for one in phases] == [
        ("ACTIVE", "powering-off"),
        ("SHUTOFF", None),
    ]
    assert phases[0].state.updated == int(cloud.now) > first.updated
    started = cloud.churn.mutate("start", phases[0].facts.id.decode())
    assert started[-1].state.status == "ACTIVE"


def test_creating_passes_through_build(offline: Offline) -> None:
    cloud = offline(servers=2)
    phases = cloud.churn.mutate("create")
    assert [one.state.status for one in phases] == ["BUILD", "ACTIVE"]
    assert cloud.world.live == 3


def test_deleting_passes_through_a_task_and_counts(offline: Offline) -> None:
    cloud = offline(servers=2)
    phases = cloud.churn.mutate("delete", cloud.born(0))
    assert [one.state.task_state for one in phases] == ["deleting", None]
    assert phases[-1].state.deleted
    assert (cloud.world.live, cloud.world.births) == (1, 2)
    with pytest.raises(MutationRefusedError):
        cloud.churn.mutate("rename", cloud.born(0))


def test_shares_choose_the_kinds(offline: Offline) -> None:
    cloud = offline(servers=50)
    cloud.churn.set_shares({"address": 1})
    assert Counter(kind for *_, kind, _ in churned(cloud, 50)) == {"address": 50}


@pytest.mark.parametrize("shares", [{"explode": 1.0}, {"rename": 0.0}, {"rename": -1.0}, {}])
def test_shares_that_make_no_sense_are_refused(offline: Offline, shares: dict[str, float]) -> None:
    with pytest.raises(MutationRefusedError):
        offline().churn.set_shares(shares)


def test_settling_finishes_what_is_under_way(offline: Offline) -> None:
    cloud = offline(servers=50)
    cloud.churn.step(300)
    cloud.churn.settle()
    tasks = {server.state.task_state for server in cloud.world.ordered()}
    assert tasks == {None}
    assert cloud.churn.settle() == 0


def test_an_empty_cloud_comes_to_life(offline: Offline) -> None:
    cloud = offline(servers=0)
    cloud.churn.step(20)
    assert cloud.world.live > 0


def test_an_unknown_server_or_kind_is_refused(offline: Offline) -> None:
    cloud = offline(servers=2)
    with pytest.raises(UnknownServerError):
        cloud.churn.mutate("rename", cloud.born(2))
    with pytest.raises(MutationRefusedError):
        cloud.churn.mutate("explode")


def test_a_mutation_that_cannot_be_written_down_does_not_happen(offline: Offline) -> None:
    cloud = offline(servers=2)
    before = cloud.walk("all_tenants=1")
    cloud.world.recorder = Refusing()
    with pytest.raises(OSError, match="disk full"):
        cloud.churn.mutate("create")
    with pytest.raises(OSError, match="disk full"):
        cloud.churn.mutate("rename")
    assert cloud.walk("all_tenants=1") == before
    assert cloud.world.seq == 0


def test_only_servers_that_something_happened_to_take_memory(offline: Offline) -> None:
    cloud = offline(servers=1_000_000)
    cloud.churn.step(10)
    assert cloud.world.remembered <= 10
    assert len(cloud.walk("all_tenants=1&limit=2&marker=" + cloud.born(1))[0]) == 1
