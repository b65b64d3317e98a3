# SPDX-License-Identifier: Apache-2.0
"""The processes of one world: the simulated cloud, the daemon, the consumer."""

import contextlib
import ctypes
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
from typing import IO, Any

import psutil

from tests.acceptance.fire.failure import CannotGoOn
from tests.acceptance.fire.points import Points

ROOT = pathlib.Path(__file__).parents[3]
#: Seconds for a process to be there, or to be gone.
PATIENCE = 120.0
#: The parts of the daemon, as they name their pid files.
PARTS = ("worker", "relay", "snapshot", "broker")


def end_with_parent() -> None:
    """SIGTERM when the harness is gone, however it went."""
    set_parent_death_signal = 1
    ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)


class Processes:
    """Starts and kills; starts again what died as it was meant to, in `tend`."""

    def __init__(self, world: pathlib.Path, commands: dict[str, list[str]]) -> None:
        self._world = world
        self._commands = commands
        self._points = Points(world)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._ours: list[psutil.Process] = []
        self._killed: set[int] = set()
        self._excused: set[int] = set()
        self._database_away = False
        paths = (str(ROOT), os.environ.get("PYTHONPATH", ""))
        self._environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        self._environment["OS_CLIENT_CONFIG_FILE"] = str(world / "clouds.yaml")
        (world / "pids").mkdir()
        (world / "dumps").mkdir()
        self._dumps = 0

    def start_simulator(self, arguments: list[str]) -> dict[str, Any]:
        """What it printed when it was ready."""
        command = ["-m", "synchronizer.simulator", "--with-parent", *arguments]
        process = self._start("simulator", command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise CannotGoOn(f"the simulated cloud did not start: {self.tail('simulator')}")
        ready: dict[str, Any] = json.loads(line)
        return ready

    def start(self, name: str) -> None:
        self._start(name, self._commands[name], stdin=subprocess.PIPE)

    def pid(self, victim: str) -> int | None:
        """The living process of this name."""
        if victim not in PARTS:
            process = self._running[victim]
            return None if process.poll() is not None else process.pid
        try:
            pid = int((self._world / "pids" / victim).read_text())
            process_ = psutil.Process(pid)
            # The master starts a part again only after it has taken note of its end.
            alive = process_.status() != psutil.STATUS_ZOMBIE and pid not in self._killed
            return pid if alive and process_.ppid() == self._running["daemon"].pid else None
        except (OSError, psutil.Error):
            return None

    def kill(self, victim: str) -> None:
        """SIGKILL, as soon as there is one to kill."""
        deadline = time.monotonic() + PATIENCE
        while (pid := self.pid(victim)) is None:
            self.tend()
            if time.monotonic() > deadline:
                raise CannotGoOn(f"there is no {victim} to be killed: {self.tail('daemon')}")
            time.sleep(0.02)
        if victim == "daemon":
            with contextlib.suppress(psutil.Error):
                self._ours += psutil.Process(pid).children(recursive=True)
        self._killed.add(pid)
        os.kill(pid, signal.SIGKILL)

    def database_away(self, away: bool) -> None:
        """Whether a daemon that is about to begin may end, since there is no ledger; whoever
        runs already has to bear it."""
        self._database_away = away
        if away and self.pid("worker") is None:
            self._excused.add(self._running["daemon"].pid)

    def tend(self) -> None:
        """Starts again what was killed on purpose, and a daemon that could not begin, as a
        service manager does. `CannotGoOn` for what ended otherwise."""
        for name, process in list(self._running.items()):
            if process.poll() is None:
                continue
            points = {pid for p in ("apply.before", "apply.after") for pid in self._points.hits(p)}
            if name == "simulator" or process.pid not in self._killed | points | self._excused:
                raise CannotGoOn(
                    f"the {name} ended by itself with {process.returncode}: {self.tail(name)}"
                )
            self.start(name)

    def signal(self, victim: str, number: signal.Signals) -> None:
        pid = self.pid(victim)
        if pid is None:
            raise CannotGoOn(f"there is no {victim} to be signalled")
        os.kill(pid, number)

    def ask_for_dump(self, consumer: str) -> pathlib.Path:
        """Where the consumer will have written its copy."""
        self._dumps += 1
        path = self._world / "dumps" / str(self._dumps)
        stdin = self._running[consumer].stdin
        assert stdin is not None
        with contextlib.suppress(BrokenPipeError):
            stdin.write(f"dump {path}\n".encode())
            stdin.flush()
        return path

    def tail(self, name: str, lines: int = 15) -> str:
        """The last words of a process."""
        said = []
        paths = [self._world / f"{name}.out"]
        if name == "daemon":
            paths.append(self._world / "synchronizer.log")
        for path in paths:
            with contextlib.suppress(OSError):
                said += path.read_text(errors="replace").splitlines()[-lines:]
        return "\n".join(said) or "it said nothing"

    def close(self) -> None:
        """Ends all of them; by force what does not end."""
        order = ("consumer", "stock", "daemon", "simulator")
        for name in (name for name in order if name in self._running):
            process = self._running[name]
            if process.poll() is None:
                with contextlib.suppress(psutil.Error):
                    self._ours += psutil.Process(process.pid).children(recursive=True)
                process.terminate() if name in order[2:] else process.kill()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
        for orphan in self._ours:
            with contextlib.suppress(psutil.Error):
                orphan.kill()

    def _start(
        self,
        name: str,
        arguments: list[str],
        *,
        stdin: int = subprocess.DEVNULL,
        stdout: int | None = None,
    ) -> subprocess.Popen[bytes]:
        before = self._running.get(name)
        if before is not None and before.stdin is not None:
            with contextlib.suppress(OSError):
                before.stdin.close()
        out: IO[bytes]
        with (self._world / f"{name}.out").open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                stdin=stdin,
                stdout=out if stdout is None else stdout,
                stderr=out,
                env=self._environment,
                cwd=ROOT,
                start_new_session=True,
            )
        self._running[name] = process
        if name == "daemon" and self._database_away:
            self._excused.add(process.pid)
        return process
