# SPDX-License-Identifier: Apache-2.0
"""The end of a daemon whose processes do not do as they are told."""

import os
import signal

import pytest

from synchronizer.daemon.ending import Ending
from synchronizer.vitals import Board, Phase, Vital

US = os.getpid()


class World:
    """Processes that are alive, and what is sent to them."""

    def __init__(self, *alive: int) -> None:
        self.alive = set(alive)
        self.sent: list[tuple[int, int]] = []
        self.board = Board(["relay", "broker"])

    def says(self, name: str, pid: int, phase: Phase) -> None:
        self.board.write(Vital(name, pid, 1, phase))

    def ending(self, *pids: int) -> Ending:
        return Ending(
            self.board,
            pids,
            15.0,
            kill=lambda pid, number: self.sent.append((pid, number)),
            parent=lambda pid: US if pid in self.alive else None,
        )


def test_who_has_not_heard_it_is_told_again() -> None:
    world = World(1001, 1002, 1003)
    world.says("relay", 1001, Phase.ENDING)
    world.says("broker", 1002, Phase.RUNNING)
    world.ending(1001, 1002, 1003, 1004).tell()  # the third has not come to say anything
    assert world.sent == [(1002, signal.SIGTERM), (1003, signal.SIGTERM)]


def test_who_does_not_end_in_time_is_killed_and_named(caplog: pytest.LogCaptureFixture) -> None:
    world = World(1001, 1003)
    world.says("relay", 1001, Phase.ENDING)
    world.says("broker", 1002, Phase.ENDING)
    world.ending(1001, 1002, 1003).kill()
    assert world.sent == [(1001, signal.SIGKILL), (1003, signal.SIGKILL)]
    assert caplog.messages == [
        "relay (pid 1001) did not end within 15 s; it is killed",
        "a process that had just begun (pid 1003) did not end within 15 s; it is killed",
    ]
