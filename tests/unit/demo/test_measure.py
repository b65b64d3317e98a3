# SPDX-License-Identifier: Apache-2.0
"""Lag and false deletes, from a log of the truth and the events of a consumer."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from synchronizer.client import Added, Deleted, Updated
from synchronizer.demo.measure import Measure, percentile
from synchronizer.demo.truth import TruthTail

OF: dict[str, Any] = {"cloud": "demo", "type": "nova.server", "sampled_at": 0}


class Log:
    """A log of the simulator, as it writes it."""

    def __init__(self, path: Path) -> None:
        self.path = path / "truth.jsonl"
        self.path.write_text('{"seed": 1}\n')

    def write(self, op: str, id_: str, entity: dict[str, Any] | None, at: int | None = None) -> int:
        at = time.time_ns() // 1000 if at is None else at
        line = {"seq": 1, "at": at, "op": op, "id": id_, "kind": op, "entity": entity}
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")
        return at


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path)


def test_lag_is_from_the_mutation_to_the_moment_it_was_applied(log: Log) -> None:
    truth = TruthTail(log.path)
    measure = Measure(truth)
    new = {"name": "b", "OS-EXT-SRV-ATTR:user_data": "hidden"}
    log.write("update", "1", new, at=time.time_ns() // 1000 - 2_000_000)
    measure.take(
        Updated(**OF, id="1", revision=2, old=None, new={"name": "b"}, changed=("name",)), True
    )
    truth.read()
    measure.match()
    (lag,) = measure.lags
    assert 2000 <= lag < 10_000


def test_a_state_that_is_read_from_the_log_later_is_matched_then(log: Log) -> None:
    truth = TruthTail(log.path)
    measure = Measure(truth)
    measure.take(Added(**OF, id="1", revision=2, entity={"name": "a"}), True)
    measure.match()
    assert measure.lags == []
    log.write("create", "1", {"name": "a"})
    truth.read()
    measure.match()
    assert len(measure.lags) == 1


def test_the_entities_of_the_first_copy_are_not_measured(log: Log) -> None:
    measure = Measure(TruthTail(log.path))
    measure.take(Added(**OF, id="1", revision=1, entity={"name": "a"}), False)
    assert measure.changes == 0


def test_a_delete_is_false_when_the_server_was_still_there(log: Log) -> None:
    truth = TruthTail(log.path)
    measure = Measure(truth)
    log.write("delete", "gone", None)
    for id_ in ("gone", "there", "gone-later"):
        measure.take(Deleted(**OF, id=id_, revision=2, old=None), True)
    log.write("delete", "gone-later", None, at=time.time_ns() // 1000 + 1_000_000)
    truth.read()
    assert measure.false_deletes() == 2


def test_percentiles_are_of_what_there_is() -> None:
    assert percentile([], 0.5) is None
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([float(n) for n in range(100)], 0.99) == 99.0
