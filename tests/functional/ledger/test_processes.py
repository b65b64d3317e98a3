# SPDX-License-Identifier: Apache-2.0
"""The ledger between processes, some of which are killed."""

import multiprocessing
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from synchronizer import errors
from synchronizer.fingerprint import digest
from synchronizer.ledger import Ledger, StreamState
from tests.functional.ledger import workers
from tests.functional.ledger.consistency import assert_consistent
from tests.functional.ledger.contention import beside
from tests.functional.ledger.places import of
from tests.unit.ledger.builders import KEY, create

SPAWN = multiprocessing.get_context("spawn")
DEADLINE = 60.0


def run_all(target: Callable[..., None], arguments: list[tuple[Any, ...]]) -> None:
    processes = [SPAWN.Process(target=target, args=args) for args in arguments]
    for process in processes:
        process.start()
    for process in processes:
        process.join(DEADLINE)
    assert [process.exitcode for process in processes] == [0] * len(processes)


def open_at_once(url: str, state_path: Path, number: int) -> list[Any]:
    barrier = SPAWN.Barrier(number)
    pipes = [SPAWN.Pipe(duplex=False) for _ in range(number)]
    run_all(workers.open_together, [(url, state_path, barrier, sending) for _, sending in pipes])
    return [receiving.recv() for receiving, _ in pipes]


def test_processes_that_open_an_empty_ledger_at_once_share_it(
    ledger_url: str, state_path: Path
) -> None:
    found = open_at_once(ledger_url, state_path, 4)
    assert len({seed for seed, _ in found}) == 1


@of("sqlite")
def test_of_processes_that_open_a_copy_at_once_one_begins_the_epochs(
    ledger: Ledger, stream: StreamState, tmp_path: Path, state_path: Path
) -> None:
    ledger.commit(stream, [create("a"), create("b")])
    ledger.close()
    shutil.copy(ledger.url, tmp_path / "copy.sqlite")
    found = open_at_once(f"sqlite:///{tmp_path}/copy.sqlite", state_path, 4)
    states = [streams[0] for _, streams in found]
    assert {state.revision for state in states} == {3}
    assert {state.epoch == stream.epoch for state in states} == {False}
    assert len({state.epoch for state in states}) == 1


def test_of_processes_that_open_a_lost_tail_at_once_one_begins_the_epoch(
    ledger: Ledger, stream: StreamState, ledger_url: str, state_path: Path
) -> None:
    ledger.high_water.record(KEY, stream.epoch, 10)
    found = open_at_once(ledger_url, state_path, 4)
    assert {state.revision for _, streams in found for state in streams} == {11}
    assert len({state.epoch for _, streams in found for state in streams}) == 1


def test_writers_in_several_processes_lose_nothing_and_repeat_nothing(
    ledger: Ledger, stream: StreamState, ledger_url: str, state_path: Path
) -> None:
    barrier = SPAWN.Barrier(3)
    run_all(
        workers.contend,
        [(ledger_url, state_path, name, 60, barrier) for name in ("one", "two", "three")],
    )
    state, live = ledger.baseline(stream.id)
    assert state.revision == 180
    assert {row.id for row in live} == {
        f"{name}-{n}" for name in ("one", "two", "three") for n in range(60)
    }
    assert_consistent(ledger, stream.id)


def test_who_follows_writers_never_meets_a_late_revision(
    ledger: Ledger, stream: StreamState, ledger_url: str, state_path: Path
) -> None:
    barrier = SPAWN.Barrier(3)
    names = ("one", "two", "three")
    arguments = [(ledger_url, state_path, name, 30, barrier) for name in names]
    writing = beside(lambda: run_all(workers.contend, arguments))
    last = 0
    while last < 90:
        ended = writing.done()
        state, tail = ledger.tail(stream.id, last)
        assert [entry.revision for entry in tail] == list(range(last + 1, state.revision + 1))
        last = state.revision
        assert tail or not ended, "the writers ended early"
    writing.result(DEADLINE)


@pytest.mark.parametrize("acknowledged", [1, 3, 10, 25])
def test_a_kill_in_the_middle_loses_nothing_that_was_acknowledged(
    ledger: Ledger,
    stream: StreamState,
    ledger_url: str,
    state_path: Path,
    acknowledged: int,
) -> None:
    receiving, sending = SPAWN.Pipe(duplex=False)
    process = SPAWN.Process(target=workers.churn, args=(ledger_url, state_path, sending))
    process.start()
    sending.close()
    last = [receiving.recv() for _ in range(acknowledged)][-1]
    process.kill()
    process.join(DEADLINE)
    with suppress(EOFError):
        while True:  # what it had acknowledged before it died
            last = receiving.recv()
    state = ledger.state(stream.id)
    assert state.epoch == last[0]
    assert state.revision >= last[1]
    assert_consistent(ledger, stream.id)
    assert ledger.verify_digest(stream.id)
    assert ledger.commit(state, [create("after the crash")]).revision == state.revision + 1


def test_readers_see_one_instant_while_a_writer_goes_on(
    ledger: Ledger, stream: StreamState, ledger_url: str, state_path: Path
) -> None:
    receiving, sending = SPAWN.Pipe(duplex=False)
    process = SPAWN.Process(target=workers.churn, args=(ledger_url, state_path, sending))
    process.start()
    sending.close()
    try:
        for _ in range(30):
            receiving.recv()
            state, live = ledger.baseline(stream.id)
            assert (state.count, state.digest) == (
                len(live),
                digest((row.id, row.fingerprint) for row in live),
            )
            with suppress(errors.Compacted):  # the writer may have compacted since
                now, tail = ledger.tail(stream.id, state.revision)
                assert [entry.revision for entry in tail] == list(
                    range(state.revision + 1, now.revision + 1)
                )
    finally:
        process.kill()
        process.join(DEADLINE)


def test_the_pulse_tells_of_another_process(
    ledger: Ledger, stream: StreamState, ledger_url: str, state_path: Path
) -> None:
    before = ledger.pulse()
    assert ledger.pulse() == before
    run_all(workers.contend, [(ledger_url, state_path, "one", 1, SPAWN.Barrier(1))])
    assert ledger.pulse() != before
