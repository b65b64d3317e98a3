# SPDX-License-Identifier: Apache-2.0
"""Two transactions in each other's way, and how to see that one waits for another."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import event

from synchronizer.ledger.engine import Database
from tests.functional.ledger.places import ServerPlace, database_of

T = TypeVar("T")

#: Seconds for what happens at once on a machine that is not busy.
PATIENCE = 60.0

_WAITING = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity"
    " WHERE wait_event_type = 'Lock' AND datname = '{name}'",
    "mariadb": "SELECT count(*) FROM information_schema.processlist p"
    " LEFT JOIN information_schema.innodb_trx t ON p.id = t.trx_mysql_thread_id"
    " WHERE (t.trx_state = 'LOCK WAIT' OR p.state = 'User lock') AND p.db = '{name}'",
}


@contextmanager
def before_statements(database: Database, listener: Callable[[str], None]) -> Iterator[None]:
    """Within this, `listener` is called with each statement before the database gets it."""

    def listen(_c: Any, _u: Any, statement: str, *_rest: Any) -> None:
        listener(statement)

    event.listen(database._engine, "before_cursor_execute", listen)
    try:
        yield
    finally:
        event.remove(database._engine, "before_cursor_execute", listen)


def beside(action: Callable[[], T]) -> Future[T]:
    """Run something in a thread of its own."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(action())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"not within {PATIENCE:.0f} s: {what}"
        time.sleep(0.02)


def until_somebody_waits(place: ServerPlace, url: str, number: int = 1) -> None:
    """Return when so many transactions in this database wait for another's lock."""
    query = _WAITING[place.kind].format(name=database_of(url))
    until(lambda: place.execute(query)[0][0] >= number, "a transaction waits for a lock")
