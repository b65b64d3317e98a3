# SPDX-License-Identifier: Apache-2.0
import contextlib
import threading
from collections.abc import Iterator

import pytest

from synchronizer.vitals import Board, Heart, Phase, Vital
from synchronizer.vitals.heart import AS_A_WHOLE

GRACE = 10.0


class Alone:
    """A heart whose time the test makes, and that beats when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.board = Board(["worker"])
        self.heart = Heart(self.board.slot("worker"), GRACE, clock=lambda: self.now)

    def after(self, seconds: float) -> Vital:
        """What the board says so much later."""
        for _ in range(int(seconds)):
            self.now += 1
            self.heart.beat()
        return self.board.read("worker")


@pytest.fixture
def alone() -> Alone:
    return Alone()


def test_a_process_that_expects_nothing_is_due_for_its_next_beat(alone: Alone) -> None:
    found = alone.after(3)
    assert (found.due, found.activity) == (alone.now + GRACE, AS_A_WHOLE)
    assert found.progress == alone.now


def test_a_step_may_take_what_was_said_and_the_grace(alone: Alone) -> None:
    alone.heart.expect(75.0, "asks nova")
    began = alone.now
    assert alone.after(74).due > alone.now
    found = alone.after(20)
    assert found.due == began + 75.0 + GRACE
    assert found.due < alone.now
    assert found.activity == "MainThread: asks nova"
    assert found.progress == began


def test_progress_puts_the_deadline_off(alone: Alone) -> None:
    for _ in range(50):
        alone.heart.expect(5.0)
        assert alone.after(4).due >= alone.now + GRACE


def test_who_rests_is_not_due(alone: Alone) -> None:
    alone.heart.expect(1.0)
    alone.heart.rest()
    assert alone.after(1000).due == alone.now + GRACE


@contextlib.contextmanager
def sticking(alone: Alone, name: str) -> Iterator[None]:
    """Meanwhile another thread expects two seconds, and says nothing any more."""
    said, end = threading.Event(), threading.Event()

    def stick() -> None:
        alone.heart.expect(2.0, "sticks")
        said.set()
        end.wait(60)

    thread = threading.Thread(target=stick, name=name)
    thread.start()
    try:
        assert said.wait(60)
        yield
    finally:
        end.set()
        thread.join()


def test_the_nearest_of_all_deadlines_counts(alone: Alone) -> None:
    alone.heart.expect(500.0)
    with sticking(alone, "late"):
        found = alone.after(20)
    assert (found.activity, found.due) == ("late: sticks", alone.now - 20 + 2.0 + GRACE)


def test_who_is_stuck_has_made_no_progress_whatever_others_made(alone: Alone) -> None:
    with sticking(alone, "stuck"):
        began = alone.now
        for _ in range(20):
            alone.heart.expect(5.0, "goes on")
            found = alone.after(1)
    assert (found.activity, found.progress) == ("stuck: sticks", began)


def test_a_thread_that_ends_without_a_word_is_missed_at_once(alone: Alone) -> None:
    ended = threading.Thread(target=alone.heart.expect, args=(600.0,), name="nova listing")
    ended.start()
    ended.join()
    found = alone.after(1)
    assert (found.due, found.activity) == (alone.now, "nova listing: its thread ended")


def test_a_thread_that_rested_may_end(alone: Alone) -> None:
    def work() -> None:
        alone.heart.expect(600.0)
        alone.heart.rest()

    ended = threading.Thread(target=work)
    ended.start()
    ended.join()
    assert alone.after(1).due == alone.now + GRACE


def test_time_in_which_nobody_ran_is_given_back(alone: Alone) -> None:
    alone.heart.expect(20.0)
    alone.after(1)
    alone.now += 3600  # the host was suspended
    alone.heart.beat()
    assert alone.board.read("worker").due > alone.now


def test_an_end_has_a_deadline_of_its_own(alone: Alone) -> None:
    alone.heart.expect(1.0)
    alone.heart.ending(15.0)
    found = alone.after(14)
    assert (found.phase, found.due) == (Phase.ENDING, alone.now + GRACE)
    assert alone.after(30).due < alone.now


def test_a_phase_has_its_beginning_and_its_text(alone: Alone) -> None:
    alone.after(5)
    alone.heart.phase(Phase.RESTORING)
    began = alone.now
    alone.after(5)
    alone.heart.phase(Phase.RESTORING, "2 of 3 streams")
    found = alone.board.read("worker")
    assert (found.phase, found.since, found.text) == (Phase.RESTORING, began, "2 of 3 streams")


def test_a_heart_beats_by_itself_until_it_is_stopped() -> None:
    board = Board(["worker"])
    heart = Heart(board.slot("worker"), GRACE, beat=0.001)
    first = board.read("worker").due
    heart.start()
    while board.read("worker").due == first:
        pass
    heart.stop()
    last = board.read("worker")
    heart.expect(1.0)
    assert board.read("worker") == last
