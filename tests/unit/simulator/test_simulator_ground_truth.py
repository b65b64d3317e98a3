# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from synchronizer.simulator.accounts import Accounts
from synchronizer.simulator.ground_truth import GroundTruth
from synchronizer.simulator.journal import Journal
from synchronizer.simulator.rendering import View, ViewKey

Offline = Callable[..., Any]
ROOT = "http://cloud.test:80/compute"


def journalled(cloud: Any, path: Path) -> Path:
    header = {
        "seed": cloud.seed,
        "servers": cloud.servers,
        "started_at": int(cloud.now * 1_000_000),
        "root": ROOT,
        "microversion": "2.96",
    }
    view = View(ViewKey(ROOT, 96, True, "detail"), Accounts(cloud.seed))
    cloud.world.recorder = Journal(path, header, view)
    return path


def listed(cloud: Any) -> dict[str, Any]:
    return {one["id"]: one for page in cloud.walk("all_tenants=1") for one in page}


def test_the_log_tells_every_state_that_the_listing_ever_showed(
    offline: Offline, tmp_path: Path
) -> None:
    cloud = offline(servers=30)
    path = journalled(cloud, tmp_path / "truth.jsonl")
    shown = {0: listed(cloud)}
    times = {0: int(cloud.now * 1_000_000)}
    for _ in range(40):
        cloud.now += 1.5
        cloud.churn.step(5)
        shown[cloud.world.seq] = listed(cloud)
        times[cloud.world.seq] = int((cloud.now + 1) * 1_000_000)
    truth = GroundTruth(path)
    assert truth.last_seq == cloud.world.seq
    for seq, state in shown.items():
        assert truth.at_seq(seq) == state
        assert truth.at_time(times[seq]) == state
    assert truth.final() == shown[cloud.world.seq]
    for state in shown.values():
        for uuid, entity in state.items():
            assert entity in truth.states_of(uuid)
    assert truth.ids_ever() == {uuid for state in shown.values() for uuid in state} | {
        mutation.id for mutation in truth.mutations
    }


def test_the_states_of_a_server_end_with_none_when_it_is_deleted(
    offline: Offline, tmp_path: Path
) -> None:
    cloud = offline(servers=3)
    path = journalled(cloud, tmp_path / "truth.jsonl")
    cloud.churn.mutate("rename", cloud.born(1))
    cloud.churn.mutate("delete", cloud.born(1))
    created = cloud.churn.mutate("create")[0].facts.id.decode()
    truth = GroundTruth(path)
    states = truth.states_of(cloud.born(1))
    assert [state and state["OS-EXT-STS:task_state"] for state in states] == [
        None,
        None,
        "deleting",
        None,
    ]
    assert states[-1] is None
    assert [state and state["status"] for state in truth.states_of(created)] == ["BUILD", "ACTIVE"]
    assert truth.states_of(cloud.born(4)) == []


def test_a_line_that_is_still_being_written_is_left_out(offline: Offline, tmp_path: Path) -> None:
    cloud = offline(servers=3)
    path = journalled(cloud, tmp_path / "truth.jsonl")
    cloud.churn.mutate("rename")
    with path.open("ab") as file:
        file.write(b'{"seq": 2, "at"')
    assert GroundTruth(path).last_seq == 1


def test_a_file_that_is_no_log_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    with pytest.raises(msgspec.DecodeError):
        GroundTruth(path)
