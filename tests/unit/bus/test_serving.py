# SPDX-License-Identifier: Apache-2.0
"""A server that comes up when the bus does, and what it says of its progress."""

import threading
from typing import Any

import pytest

from synchronizer.bus import serving
from synchronizer.bus.serving import Serving
from tests.support.pulse import RESTS, Heard

PATIENCE = 60.0


class Server:
    """A server of oslo.messaging's whose bus is away the first time."""

    def __init__(self, tries: list[str]) -> None:
        self._tries = tries
        self.transport: Any = None

    def start(self, override_pool_size: int) -> None:
        self._tries.append("start")
        if len(self._tries) == 1:
            raise RuntimeError("away")

    def stop(self) -> None:
        self._tries.append("stop")

    def wait(self) -> None:
        self._tries.append("wait")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(serving, "_WORD", 0.001)
    monkeypatch.setattr(Serving, "_why", lambda self, server, error: str(error))


def test_each_try_has_its_time_and_who_listens_says_so_again_and_again() -> None:
    heard, tries = Heard(), list[str]()
    made = Serving("rpc", lambda: Server(tries), 1, heard)
    made.start()
    assert made.wait_started(PATIENCE)
    for _ in range(3):
        heard.said.clear()
        assert heard.said.wait(PATIENCE)
    made.stop(PATIENCE)
    assert tries == ["start", "start", "stop", "wait"]
    assert heard.words[:3] == [
        (serving._STARTING, "begins to listen"),
        (serving._STARTING, "begins to listen"),
        (serving._WORD, "listens"),
    ]
    assert heard.words[-1] == RESTS


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_one_that_a_fault_ended_is_missed() -> None:
    heard, ended = Heard(), threading.Event()

    def fail() -> Any:
        ended.set()
        raise MemoryError

    made = Serving("rpc", fail, 1, heard)
    made.start()
    assert ended.wait(PATIENCE)
    made.stop(PATIENCE)
    assert heard.words == [(serving._STARTING, "begins to listen")]
