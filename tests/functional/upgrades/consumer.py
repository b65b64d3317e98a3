# SPDX-License-Identifier: Apache-2.0
"""A process that consumes with the client of an older version, and what it has told."""

import json
import os
import pathlib
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any, Self

from tests.support.waiting import until
from tests.upgrades import place

PATIENCE = 120.0

Line = dict[str, Any]


class OldConsumer:
    """`with OldConsumer(version, url, type_) as consumer`. `events`: all that its watch told."""

    def __init__(self, version: str, url: str, type_: str) -> None:
        self.events: list[Line] = []
        self._answers: list[Line] = []
        self._came = threading.Condition()
        self._ended = False
        archive = place.wheel(version)
        program = pathlib.Path(__file__).with_name("program.py")
        self._process = subprocess.Popen(
            [sys.executable, program, url, type_],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(archive)},
            cwd="/",
        )
        assert self._process.stdout is not None
        first = json.loads(self._process.stdout.readline())
        assert first == {"version": version, "file": f"{archive}/synchronizer/__init__.py"}
        threading.Thread(target=self._read, daemon=True).start()

    def of(self, cloud: str) -> list[Line]:
        """The events of one cloud."""
        with self._came:
            return [event for event in self.events if event["cloud"] == cloud]

    def held(self, cloud: str) -> dict[str, Any]:
        """The entities that it holds of a cloud, by what it was told."""
        held: dict[str, Any] = {}
        for event in self.of(cloud):
            match event["event"]:
                case "Added":
                    held[event["id"]] = event["entity"]
                case "Updated":
                    held[event["id"]] = event["new"]
                case "Deleted":
                    del held[event["id"]]
                case "Resynced":
                    held.clear()
        return held

    def wait(self, what: str, done: Callable[[], bool]) -> None:
        with self._came:
            assert self._came.wait_for(lambda: self._ended or done(), PATIENCE), (
                f"waited for {what} in vain; the last it told: {self.events[-3:]}"
            )
            assert not self._ended, "the consumer ended"

    def ask(self, method: str, **arguments: Any) -> Any:
        """What that method of its client gives, once there is somebody who answers: a daemon
        that begins may publish before it serves."""

        def served() -> dict[str, Any] | None:
            line = self._answer(method, arguments)
            return None if "NobodyAnswers" in line.get("error", "") else line

        line = until(f"somebody who answers {method}", served, PATIENCE)
        assert "error" not in line, line
        return line["answer"]

    def _answer(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        before = len(self._answers)
        assert self._process.stdin is not None
        self._process.stdin.write(f"{method} {json.dumps(arguments)}\n")
        self._process.stdin.flush()
        self.wait(f"the answer to {method}", lambda: len(self._answers) > before)
        return self._answers[before]

    def _read(self) -> None:
        assert self._process.stdout is not None
        for text in self._process.stdout:
            line = json.loads(text)
            with self._came:
                (self.events if "event" in line else self._answers).append(line)
                self._came.notify_all()
        with self._came:
            self._ended = True
            self._came.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
