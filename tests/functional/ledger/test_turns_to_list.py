# SPDX-License-Identifier: Apache-2.0
"""Turns to list on every database, by its own clock and with writers at the same time."""

import concurrent.futures
import threading
import time
from pathlib import Path

from synchronizer.ledger import Ledger, StreamState
from synchronizer.ledger.engine import Database
from synchronizer.ledger.instant import database_now
from tests.support.waiting import until
from tests.unit.ledger.builders import T0

CONTENDERS = 8
DAY = 86_400


def test_the_databases_clock_counts_microseconds_since_1970(
    ledger: Ledger, ledger_url: str
) -> None:
    database = Database(ledger_url)
    with database.read() as connection:
        now = database_now(connection)
    database.close()
    assert abs(now / 1_000_000 - time.time()) < DAY / 48


def test_one_of_many_at_the_same_moment_gets_the_turn(
    ledger: Ledger, ledger_url: str, state_path: Path, stream: StreamState
) -> None:
    together = threading.Barrier(CONTENDERS)

    def contend(name: int) -> list[int]:
        mine = Ledger.open(ledger_url, state_path=state_path)
        won = []
        try:
            for _ in range(5):
                together.wait(60)
                number = mine.listings.begin(stream.id, stream.fence, f"h{name}", T0, 60)
                together.wait(60)
                if number is not None:
                    assert mine.listings.renew(stream.id, number, f"h{name}", 60)
                    mine.listings.proven(stream.id, number, f"h{name}")
                    won.append(number)
        finally:
            mine.close()
        return won

    with concurrent.futures.ThreadPoolExecutor(CONTENDERS) as pool:
        won = sorted(number for of in pool.map(contend, range(CONTENDERS)) for number in of)
    assert won == [1, 2, 3, 4, 5]
    state = ledger.listings.state(stream.id)
    assert (state.begun, state.proven, state.running) == (5, 5, False)


def test_a_turn_that_is_not_renewed_ends_and_a_pause_is_over(
    ledger: Ledger, stream: StreamState
) -> None:
    listings = ledger.listings
    assert listings.begin(stream.id, stream.fence, "killed", T0, 0.2) == 1

    def next_turn() -> int | None:
        return listings.begin(stream.id, stream.fence, "next", T0, 60)

    assert until("the next turn", next_turn, gap=0.05) == 2
    listings.failed(stream.id, 2, "next", problem="503", since=T0, pause=0.2)
    assert ledger.listings.state(stream.id).problem == "503"
    assert until("the end of the pause", next_turn, gap=0.05) == 3
    listings.want(stream.id, 4)
    assert listings.state(stream.id).wanted == 4
