# SPDX-License-Identifier: Apache-2.0
"""Waiting for one's turn, on a clock that passes only when somebody waits."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from synchronizer import errors
from synchronizer.ledger import Ledger, StreamState
from synchronizer.model import StreamKey
from synchronizer.sampling import SamplingWorker, Standby, TypeSettings
from tests.unit.sampling.source import Source, VirtualClock

KEY = StreamKey("c1", "test.thing")
LOST = errors.Fenced("another process has taken over")


class Busy(VirtualClock):
    """While somebody waits, others do something: what the script says for that wait."""

    def __init__(self) -> None:
        super().__init__()
        self.during: Callable[[int], None] = lambda number: None

    def wait(self, event: threading.Event, seconds: float) -> bool:
        over = super().wait(event, seconds)
        self.during(len(self.waits))
        return over


@pytest.fixture
def busy() -> Busy:
    return Busy()


@pytest.fixture
def standby(ledger: Ledger, busy: Busy) -> Standby:
    ledger.claim(ledger.ensure_stream(KEY, "rules").id, "another")
    return Standby(ledger, "worker", [KEY], clock=busy, quiet=30.0, gap=5.0)


def test_one_waits_for_as_long_as_the_other_gives_signs_of_life(
    ledger: Ledger, busy: Busy, standby: Standby
) -> None:
    def alive(number: int) -> None:
        if number <= 100:
            assert ledger.beat("another") == 1

    busy.during = alive
    assert standby.wait(LOST, threading.Event())
    assert len(busy.waits) == 100 + 6


def test_signs_of_others_do_not_count_and_a_claim_is_a_sign(
    ledger: Ledger, busy: Busy, standby: Standby
) -> None:
    stream = ledger.ensure_stream(StreamKey("c2", "test.thing"), "rules").id

    def elsewhere(number: int) -> None:
        ledger.claim(stream, "a third")
        assert ledger.beat("a third") == 1
        if number == 4:
            ledger.claim(ledger.ensure_stream(KEY, "rules").id, "a fourth")

    busy.during = elsewhere
    assert standby.wait(LOST, threading.Event())
    assert len(busy.waits) == 4 + 6


@pytest.mark.parametrize("error", [errors.LedgerUnavailable, errors.Refused])
def test_while_the_ledger_does_not_answer_nobody_is_taken_for_dead(
    ledger: Ledger,
    busy: Busy,
    standby: Standby,
    monkeypatch: pytest.MonkeyPatch,
    error: type[errors.Retry],
) -> None:
    read = ledger.signs_of_life

    def out(number: int) -> None:
        def answer(ids: list[int]) -> object:
            if number <= 20:
                raise error
            return read(ids)

        monkeypatch.setattr(ledger, "signs_of_life", answer)

    busy.during = out
    assert standby.wait(LOST, threading.Event())
    assert len(busy.waits) == 20 + 6 + 1


def test_a_stop_ends_the_waiting(busy: Busy, standby: Standby) -> None:
    stop = threading.Event()
    stop.set()
    assert not standby.wait(LOST, stop)
    assert len(busy.waits) == 1


def test_a_worker_gives_signs_of_life_before_it_has_its_streams(
    ledger: Ledger, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    beaten, opened = threading.Event(), list[bool]()
    ensure, beat = ledger.ensure_stream, ledger.beat

    def long(*rules: Any, **fence: int) -> StreamState:
        opened.append(beaten.wait(60))
        return ensure(*rules, **fence)

    def noted(owner: str) -> int:
        beaten.set()
        return beat(owner)

    monkeypatch.setattr(ledger, "ensure_stream", long)
    monkeypatch.setattr(ledger, "beat", noted)
    fatal: list[BaseException] = []
    settings = {"test.thing": TypeSettings()}
    worker = SamplingWorker(source, ledger, settings, owner="me", on_fatal=fatal.append)
    worker.start()
    worker.stop()
    assert worker.wait(60)
    assert opened[0]
    assert fatal == []
