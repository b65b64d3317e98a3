# SPDX-License-Identifier: Apache-2.0
"""The command as a process, and a copy kept from what it prints."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from tests.support.copying import differences
from tests.support.simulated import CLOUD, MICROVERSION, TYPE

PATIENCE = 60.0
#: Of this cloud, at the microversion of the ground truth.
OPTIONS = ("--embedded", "--os-cloud", CLOUD, "--set", f"nova.microversion={MICROVERSION}")


class Watching:
    """Applies each line to `entities`; `lines` are all of them, as objects.

    `temporary`: where its temporary files go, and nobody else's. Ended by its own pid.
    """

    def __init__(
        self,
        clouds_yaml: Path,
        temporary: Path,
        *arguments: str,
        entities: dict[str, dict[str, Any]] | None = None,
    ) -> None:
        self.temporary = temporary
        self.temporary.mkdir(exist_ok=True)
        self.entities = dict(entities or {})
        self.lines: list[dict[str, Any]] = []
        self.warnings = ""
        self._argv = [
            sys.executable, "-m", "synchronizer", "watch", "-f", "jsonl",
            *OPTIONS, *arguments, TYPE,
        ]  # fmt: skip
        self._environment = {
            **os.environ,
            "OS_CLIENT_CONFIG_FILE": str(clouds_yaml),
            "TMPDIR": str(temporary),
        }
        self._changed = threading.Condition()
        self._ended = False
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self._argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environment,
        )
        for work in (self._read, self._read_warnings):
            self._threads.append(threading.Thread(target=work, daemon=True))
            self._threads[-1].start()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self._join()

    @property
    def synced(self) -> dict[str, Any] | None:
        """The last line of that kind."""
        return next((line for line in reversed(self.lines) if line["event"] == "synced"), None)

    @property
    def token(self) -> str:
        """What `--since` takes for all that was read."""
        assert self.synced is not None
        return f"{self.synced['epoch']}:{max(line.get('revision', 0) for line in self.lines)}"

    def wait_synced(self) -> None:
        self.wait("everything there is", lambda: self.synced is not None)

    def wait_equal(self, truth: dict[str, dict[str, Any]]) -> None:
        """Until the copy is the truth, whole entity for whole entity."""
        try:
            self.wait("an exact copy", lambda: self.entities == truth)
        except AssertionError as error:
            raise AssertionError(f"{error}: {differences(self.entities, truth)}") from None

    def wait_warned(self, words: str) -> None:
        self.wait(f"{words!r}", lambda: words in self.warnings)

    def wait(self, what: str, done: Callable[[], bool]) -> None:
        with self._changed:
            came = self._changed.wait_for(lambda: done() or self._ended, PATIENCE)
            assert came and done(), f"waited for {what} in vain: {self.warnings}"

    def end(self, number: signal.Signals) -> int:
        """Sends it a signal; its exit status, when all that it said is read."""
        self.process.send_signal(number)
        return self.wait_ended()

    def wait_ended(self) -> int:
        status = self.process.wait(PATIENCE)
        self._join()
        return status

    def left(self) -> list[str]:
        """Files that it has not removed."""
        return sorted(str(path) for path in self.temporary.rglob("*"))

    def _read(self) -> None:
        assert self.process.stdout is not None
        for text in self.process.stdout:
            if not text.endswith("\n"):
                break  # it was killed in the middle of a line
            with self._changed:
                self._apply(json.loads(text))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _read_warnings(self) -> None:
        assert self.process.stderr is not None
        for text in self.process.stderr:
            with self._changed:
                self.warnings += text
                self._changed.notify_all()

    def _apply(self, line: dict[str, Any]) -> None:
        self.lines.append(line)
        match line["event"]:
            case "added" | "updated":
                self.entities[line["id"]] = line["entity"]
            case "deleted":
                del self.entities[line["id"]]
            case "resynced":
                self.entities.clear()

    def _join(self) -> None:
        for thread in self._threads:
            thread.join(PATIENCE)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
