# SPDX-License-Identifier: Apache-2.0
"""Starts, watches and ends a cloud's processes, each known by its pid and time of birth."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from tests.cloud.errors import CloudError


def born(pid: int) -> str | None:
    """Return a live process's start time: it tells it from a later one with the same pid."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    state, *rest = stat.rpartition(")")[2].split()
    return rest[18] if state != "Z" else None


class Processes:
    """The processes of one cloud: ``run/NAME.pid`` says which, ``log/NAME.log`` what they said."""

    def __init__(self, run: Path, log: Path, cwd: Path, environment: Mapping[str, str]) -> None:
        self._run, self._log, self._cwd = run, log, cwd
        self._environment = dict(environment)
        self._children: dict[int, subprocess.Popen[bytes]] = {}

    def names(self) -> list[str]:
        """Name all that were started and not stopped, alive or not."""
        return sorted(path.stem for path in self._run.glob("*.pid"))

    def pid(self, name: str) -> int | None:
        """Return the pid of a process that was started and is still alive."""
        try:
            pid, birth = (self._run / f"{name}.pid").read_text().split()
        except (OSError, ValueError):
            return None
        return int(pid) if born(int(pid)) == birth else None

    def start(self, name: str, command: Sequence[str | Path], **extra: str) -> None:
        """Start a process in a session of its own, unless it runs already."""
        if self.pid(name):
            return
        with (self._log / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(
                [str(part) for part in command],
                env=self._environment | extra,
                cwd=self._cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._children[child.pid] = child
        (self._run / f"{name}.pid").write_text(f"{child.pid} {born(child.pid)}\n")

    def stop(self, names: Iterable[str], grace: float = 15.0) -> None:
        """Ask each process group to end; after ``grace`` seconds, end it."""
        known = list(names)
        pids = {name: pid for name in known if (pid := self.pid(name))}
        for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 5.0)):
            for name, pid in pids.items():
                if self.pid(name):
                    os.killpg(pid, number)
            deadline = time.monotonic() + patience
            while any(map(self.pid, pids)) and time.monotonic() < deadline:
                time.sleep(0.1)
        for name, pid in pids.items():
            if self.pid(name):
                raise CloudError(f"{name} (pid {pid}) does not end")
            if child := self._children.pop(pid, None):
                child.wait()
        for name in known:
            (self._run / f"{name}.pid").unlink(missing_ok=True)

    def wait(self, name: str, ready: Callable[[], bool], seconds: float = 180.0) -> None:
        """Wait until ``ready()``, for as long as the process lives."""
        deadline = time.monotonic() + seconds
        while True:
            if not self.pid(name):
                raise CloudError(f"{name} ended; see {self._log}/{name}.log")
            if ready():
                return
            if time.monotonic() > deadline:
                raise CloudError(f"{name} not ready after {seconds:.0f} s; see {self._log}")
            time.sleep(0.2)

    def run(self, *command: str | Path, log: str, fine: Iterable[int] = (0,), **extra: str) -> None:
        """Run a command to its end; its status must be one of ``fine``."""
        with (self._log / f"{log}.log").open("ab") as out:
            done = subprocess.run(
                [str(part) for part in command],
                env=self._environment | extra,
                cwd=self._cwd,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                check=False,
            )
        if done.returncode not in fine:
            words = " ".join(map(str, command))
            raise CloudError(f"failed: {words}; see {self._log}/{log}.log")
