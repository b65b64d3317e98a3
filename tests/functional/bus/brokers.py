# SPDX-License-Identifier: Apache-2.0
"""Brokers that tests may kill, stop and start: real processes, one for each test."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from synchronizer.bus.local.ask import broker_status


class BrokerUnderTest(Protocol):
    """What a conformance test may do to a broker."""

    url: str

    def kill(self) -> None:
        """End it as a crash would."""

    def start(self) -> None:
        """Run it, again, at the same URL; returns when it takes connections."""

    def pause(self) -> None:
        """Stop it where it is."""

    def resume(self) -> None:
        """Go on after `pause`."""

    def close(self) -> None:
        """End it for good."""

    def queues(self) -> dict[str, int]:
        """Messages in each queue, handed out or not."""


class LocalBroker:
    """`python -m synchronizer.bus.local`."""

    def __init__(self, directory: Path, *options: str) -> None:
        self.path = str(directory / "bus.sock")
        self.url = f"local://{self.path}"
        self._options = options
        self.process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "synchronizer.bus.local", self.path, *self._options],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline().startswith("listening")

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        if self.process is not None:
            self.resume()
            self._end(signal.SIGTERM)

    def queues(self) -> dict[str, int]:
        status = broker_status(self.path)
        return {queue.name: queue.waiting + queue.unacked for queue in status.queues}

    def _end(self, number: signal.Signals) -> None:
        assert self.process is not None and self.process.stdout is not None
        self.process.send_signal(number)
        self.process.wait(timeout=20)
        self.process.stdout.close()
        self.process = None


def eventually(condition: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
    """Wait until the condition holds, or fail saying what never happened."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"never happened within {seconds:g} s: {what}"
        time.sleep(0.01)
