# SPDX-License-Identifier: Apache-2.0
"""Pages made before they are asked for."""

import threading

from synchronizer.snapshot.readahead import LONGEST, MOST, ReadAhead

PATIENCE = 60


class Maker:
    """Makes pages, of which it remembers the keys."""

    def __init__(self) -> None:
        self.made: list[int] = []
        self.go_on = threading.Event()
        self.go_on.set()
        self.begun = threading.Semaphore(0)

    def __call__(self, key: int) -> str:
        self.begun.release()
        assert self.go_on.wait(PATIENCE)
        self.made.append(key)
        if key < 0:
            raise ValueError("no such page")
        return f"page {key}"


def test_a_page_that_was_begun_is_made_once_and_taken_once() -> None:
    maker = Maker()
    ahead = ReadAhead(maker)
    ahead.begin(1)
    ahead.begin(1)
    assert maker.begun.acquire(timeout=PATIENCE)
    assert ahead.take(1) == "page 1"
    assert ahead.take(1) is None
    assert maker.made == [1]


def test_a_page_under_way_is_waited_for() -> None:
    maker = Maker()
    maker.go_on.clear()
    ahead = ReadAhead(maker)
    ahead.begin(1)
    assert maker.begun.acquire(timeout=PATIENCE)
    threading.Timer(0.05, maker.go_on.set).start()
    assert ahead.take(1) == "page 1"


def test_a_page_that_could_not_be_made_is_none() -> None:
    maker = Maker()
    ahead = ReadAhead(maker)
    ahead.begin(-1)
    assert maker.begun.acquire(timeout=PATIENCE)
    assert ahead.take(-1) is None


def test_a_page_that_nobody_wanted_for_long_is_none() -> None:
    now = 0.0
    ahead = ReadAhead(Maker(), clock=lambda: now)
    ahead.begin(1)
    now = LONGEST + 1
    assert ahead.take(1) is None


def test_pages_that_nobody_asks_for_give_way() -> None:
    maker = Maker()
    ahead = ReadAhead(maker)
    for key in range(MOST + 3):
        ahead.begin(key)
        assert maker.begun.acquire(timeout=PATIENCE)
    assert [key for key in range(MOST + 3) if ahead.take(key)] == list(range(3, MOST + 3))
