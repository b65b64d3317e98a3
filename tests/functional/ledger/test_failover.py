# SPDX-License-Identifier: Apache-2.0
"""A server that goes away, in whatever way, and comes back.

What it costs is `errors.LedgerUnavailable`; the next call works by itself. Nothing that was
acknowledged is lost, and nothing is recorded twice.
"""

import multiprocessing
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy

from synchronizer import errors
from synchronizer.ledger import Ledger, StreamState
from synchronizer.ledger.dialects import limits
from synchronizer.ledger.engine import Database
from tests.engines.database import DatabaseServer
from tests.functional.ledger import workers
from tests.functional.ledger.consistency import assert_consistent
from tests.functional.ledger.contention import until
from tests.functional.ledger.places import of_servers
from tests.functional.ledger.proxy import LossyProxy
from tests.unit.ledger.builders import KEY, create

# Three processes, on a machine that may be busy.
pytestmark = [of_servers, pytest.mark.timeout(300)]

SPAWN = multiprocessing.get_context("spawn")
WRITERS = ("one", "two", "three")
COMMITS = 40
DEADLINE = 60.0


def disturb_writers(
    ledger: Ledger, url: str, state_path: Path, disturb: Callable[[], None], every: int
) -> int:
    """Writers commit while `disturb` is called after each `every` commits of theirs.

    How often they saw the server fail.
    """
    stream = ledger.find(KEY)
    assert stream is not None
    pipes = [SPAWN.Pipe(duplex=False) for _ in WRITERS]
    processes = [
        SPAWN.Process(target=workers.persist, args=(url, state_path, name, COMMITS, end))
        for name, (_, end) in zip(WRITERS, pipes, strict=True)
    ]
    told: list[str | int] = []
    grown = threading.Condition()

    def hear(number: int) -> None:
        for _ in range(COMMITS + 1):
            word = pipes[number][0].recv()
            with grown:
                told.append(word)
                grown.notify()

    ears = [threading.Thread(target=hear, args=(n,), daemon=True) for n in range(len(WRITERS))]
    for process in processes:
        process.start()
    for ear in ears:
        ear.start()
    for number in range(every, len(WRITERS) * COMMITS, every):
        with grown:
            assert grown.wait_for(lambda n=number: len(told) >= n, DEADLINE)  # type: ignore[misc]
        disturb()
    for ear in ears:
        ear.join(DEADLINE)
    for process in processes:
        process.join(DEADLINE)
    assert [process.exitcode for process in processes] == [0] * len(processes)

    state, live = ledger.baseline(stream.id)
    assert {row.id for row in live} == {word for word in told if isinstance(word, str)}
    assert len(live) == state.revision == len(WRITERS) * COMMITS
    assert_consistent(ledger, stream.id)
    assert ledger.verify_digest(stream.id)
    return sum(word for word in told if isinstance(word, int))


@pytest.mark.usefixtures("stream")
def test_connections_ended_amid_commits_lose_nothing_and_repeat_nothing(
    server: DatabaseServer, ledger: Ledger, ledger_url: str, state_path: Path
) -> None:
    assert disturb_writers(ledger, ledger_url, state_path, server.terminate_connections, 9) > 0


@pytest.mark.usefixtures("stream")
def test_a_server_killed_amid_commits_loses_nothing_and_repeats_nothing(
    server: DatabaseServer, ledger: Ledger, ledger_url: str, state_path: Path
) -> None:
    def crash() -> None:
        server.kill()
        server.start()

    assert disturb_writers(ledger, ledger_url, state_path, crash, 50) > 0


def test_a_commit_whose_answer_was_lost_is_found_in_the_tail(
    server: DatabaseServer, ledger: Ledger, stream: StreamState, ledger_url: str, state_path: Path
) -> None:
    state = ledger.commit(stream, [create("a")])
    with LossyProxy(server.port) as proxy:
        through = sqlalchemy.make_url(ledger_url).set(port=proxy.port)
        remote = Ledger.open(through.render_as_string(hide_password=False), state_path=state_path)
        proxy.lose_commit()
        with pytest.raises(errors.LedgerUnavailable):
            remote.commit(state, [create("b")])
        assert proxy.lost.wait(DEADLINE)
        until(lambda: ledger.state(stream.id).revision == 2, "the commit is recorded")
        with pytest.raises(errors.Refused):
            remote.commit(state, [create("b")])
        found, tail = remote.tail(stream.id, state.revision)
        assert [entry.id for entry in tail] == ["b"]
        assert remote.commit(found, [create("c")]).revision == 3
        remote.close()
    assert_consistent(ledger, stream.id)


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_a_server_that_is_down_is_unavailable_and_serves_again_by_itself(
    server: DatabaseServer, ledger: Ledger, stream: StreamState, end: str
) -> None:
    state = ledger.commit(stream, [create("a")])
    getattr(server, end)()
    for ask in (
        lambda: ledger.commit(state, [create("b")]),
        lambda: ledger.baseline(stream.id),
        ledger.pulse,
    ):
        with pytest.raises(errors.LedgerUnavailable):
            ask()
    server.start()
    assert ledger.commit(state, [create("b")]).revision == 2
    assert_consistent(ledger, stream.id)


def test_connections_that_died_while_idle_cost_nobody_an_error(
    server: DatabaseServer, ledger: Ledger, stream: StreamState
) -> None:
    together = threading.Barrier(4)
    database = ledger._database

    def use() -> None:
        with database.read() as connection:
            connection.exec_driver_sql("SELECT 1")
            together.wait(DEADLINE)

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    server.terminate_connections()
    for number in range(4):
        stream = ledger.commit(stream, [create(f"id-{number}")])
    server.kill()
    server.start()
    assert ledger.commit(stream, [create("after the crash")]).revision == 5
    assert_consistent(ledger, stream.id)


def test_a_server_that_stands_still_is_unavailable_before_long(
    server: DatabaseServer,
    ledger: Ledger,
    stream: StreamState,
    ledger_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "CONNECT_TIMEOUT", 2.0)
    impatient = Database(ledger_url, answer_timeout=1.0)

    def answers() -> bool:
        try:
            with impatient.read() as connection:
                return bool(connection.exec_driver_sql("SELECT 1").scalar())
        except errors.LedgerUnavailable:  # on a busy machine
            return False

    until(answers, "the server answers within a second")
    try:
        with pytest.raises(errors.LedgerUnavailable), impatient.write() as connection:
            connection.exec_driver_sql("SELECT 1")
            server.pause()
            connection.exec_driver_sql("SELECT 1")  # in the middle of a transaction
        with pytest.raises(errors.LedgerUnavailable), impatient.read() as connection:
            connection.exec_driver_sql("SELECT 1")  # on a new connection
    finally:
        server.resume()
    until(answers, "the server answers again")
    assert ledger.commit(stream, [create("a")]).revision == 1
    impatient.close()
