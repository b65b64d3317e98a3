# SPDX-License-Identifier: Apache-2.0
import os
import signal
import threading

import pytest

from synchronizer.vitals import Board, Phase, Vital


def test_nothing_is_known_of_a_process_that_never_began() -> None:
    assert Board(["relay"]).read("relay") == Vital("relay")


def test_two_processes_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="relay"):
        Board(["relay", "relay"])


def test_what_a_child_says_its_parent_reads() -> None:
    board = Board(["relay", "worker one/nova"])
    child = os.fork()
    if not child:
        slot = board.slot("worker one/nova")
        slot.write(phase=Phase.RUNNING, text="fine", due=12.5, progress=11.0, activity="looks")
        os._exit(0)
    os.waitpid(child, 0)
    assert board.all() == [
        Vital("relay"),
        Vital(
            "worker one/nova",
            child,
            1,
            Phase.RUNNING,
            due=12.5,
            progress=11.0,
            activity="looks",
            text="fine",
        ),
    ]


def test_starts_are_counted_and_what_is_not_said_stays() -> None:
    board = Board(["relay"])
    board.slot("relay").write(phase=Phase.RUNNING, text="first")
    again = board.slot("relay")
    again.write(phase=Phase.STARTING)
    again.write(due=3.0)
    found = board.read("relay")
    assert (found.starts, found.phase, found.text, found.due) == (2, Phase.STARTING, "", 3.0)


def test_a_process_that_is_gone_is_absent_until_it_is_there_again() -> None:
    board = Board(["relay"])
    board.slot("relay").write(phase=Phase.RUNNING, text="fine", due=1.0)
    board.ended("relay", 30.0)
    gone = board.read("relay")
    assert (gone.phase, gone.text, gone.starts) == (Phase.ABSENT, "", 1)
    assert gone.due == gone.since + 30.0


@pytest.mark.parametrize("text", ["x" * 500, "ä" * 150, "a" + "€" * 99, "\ud800 broken"])
def test_a_long_text_is_cut_in_whole_characters(text: str) -> None:
    board = Board(["relay"])
    board.slot("relay").write(text=text)
    found = board.read("relay").text
    assert 0 < len(found.encode()) <= 200
    assert text.encode(errors="replace").decode().startswith(found)


def test_a_writer_that_is_killed_at_any_moment_leaves_a_whole_record() -> None:
    board = Board(["relay"])
    for _ in range(20):
        child = os.fork()
        if not child:
            slot = board.slot("relay")
            number = 0
            while True:
                number += 1
                slot.write(due=float(number), text=str(number))
        while board.read("relay").pid != child:
            pass
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        found = board.read("relay")
        assert found.text in ("", str(int(found.due)))
    assert board.read("relay").starts == 20


def test_a_reader_never_sees_halves_of_two_records() -> None:
    board = Board(["relay"])
    slot = board.slot("relay")
    ended = threading.Event()

    def write() -> None:
        number = 0
        while not ended.is_set():
            number += 1
            slot.write(due=float(number), activity=str(number), text=str(number) * 20)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(3000):
            found = board.read("relay")
            if found.activity:
                assert found.text == found.activity * 20
                assert found.due == float(found.activity)
    finally:
        ended.set()
        writer.join()
