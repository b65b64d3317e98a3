# SPDX-License-Identifier: Apache-2.0
"""What the other processes of these tests do."""

import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import TypeVar

from synchronizer import errors
from synchronizer.ledger import Ledger, StreamState, Write
from tests.unit.ledger.builders import KEY, create, delete, update

T = TypeVar("T")


def open_together(url: str, state_path: Path, barrier: Barrier, pipe: Connection) -> None:
    """Open at the same moment as others; send the seed and the streams' states."""
    barrier.wait()
    try:
        ledger = Ledger.open(url, state_path=state_path, migrate=True)
    except errors.SynchronizerError as error:
        pipe.send(repr(error))
        return
    pipe.send((ledger.seed, ledger.streams()))
    ledger.close()


def contend(url: str, state_path: Path, name: str, commits: int, barrier: Barrier) -> None:
    """Commit one create at a time against others, reading the tail after each refusal."""
    ledger = Ledger.open(url, state_path=state_path)
    state = ledger.ensure_stream(KEY, "rules 1")
    barrier.wait()
    for number in range(commits):
        while True:
            try:
                state = ledger.commit(state, [create(f"{name}-{number}")])
                break
            except errors.Refused:
                state, _ = ledger.tail(state.id, state.revision)
    ledger.close()


def churn(url: str, state_path: Path, pipe: Connection) -> None:
    """Commit for ever; send each state that was acknowledged."""
    ledger = Ledger.open(url, state_path=state_path)
    state = ledger.ensure_stream(KEY, "rules 1")
    while True:
        state = ledger.commit(state, _step(ledger, state))
        pipe.send((state.epoch, state.revision))
        if state.revision % 5 == 0:
            ledger.mark_published(state.id, state.epoch, state.published, state.revision)
            ledger.compact(state.id, 1 << 60, limit=7)
            state = ledger.state(state.id)


def _step(ledger: Ledger, state: StreamState) -> list[Write]:
    live = [row.id for row in ledger.baseline(state.id)[1]]
    writes = [create(f"id-{state.revision}-{n}", pad="x" * 500) for n in range(20)]
    writes += [update(id_, n=state.revision) for id_ in live[:20]]
    return writes + [delete(id_) for id_ in live[20:40]]


def persist(url: str, state_path: Path, name: str, commits: int, pipe: Connection) -> None:
    """Commit one create at a time, whatever happens to the server.

    Sends each id when it is known to be recorded, and then how often the server failed.
    """
    ledger = _patiently(lambda: Ledger.open(url, state_path=state_path))
    state = _patiently(lambda: ledger.ensure_stream(KEY, "rules 1"))
    failures = 0
    for number in range(commits):
        id_ = f"{name}-{number}"
        while True:
            try:
                state = ledger.commit(state, [create(id_)])
                break
            except errors.Refused:
                pass
            except errors.LedgerUnavailable:
                failures += 1
            state, tail = _patiently(partial(ledger.tail, state.id, state.revision))
            if any(entry.id == id_ for entry in tail):
                break  # it was recorded, and the answer was lost
        pipe.send(id_)
    pipe.send(failures)
    ledger.close()


def _patiently(ask: Callable[[], T]) -> T:
    """The answer, however often the ledger is unavailable before it comes."""
    while True:
        try:
            return ask()
        except errors.LedgerUnavailable:
            time.sleep(0.01)
