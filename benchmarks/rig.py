# SPDX-License-Identifier: Apache-2.0
"""A simulated cloud, the daemon that samples it, and others who use it: real processes."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Self, TypeVar

from benchmarks.process import Process, descendant
from synchronizer import errors
from synchronizer.client import Client
from synchronizer.client.values import StreamInfo
from synchronizer.simulator import Control, administrator, write_clouds

CLOUD = "bench"
TYPE = "nova.server"

_CONFIGURATION = """\
[DEFAULT]
clouds = {cloud}
state_path = {path}/state
runtime_path = {path}/run
transport_url = {transport_url}
log_file = {path}/synchronizer.log

[ledger]
connection = {ledger_url}

[monitor]
listen =

[sampling]
interval = {interval}
changes_interval = {changes_interval}

[nova]
types = nova.server
requests_per_minute = 0
"""
_ENDING = 30.0
_LOOK = 0.05

T = TypeVar("T")


class Rig:
    """Lives in a temporary directory; on exit every process ends and every file goes.

    `transport_url`, `ledger_url`: of servers that run already; else the local bus and SQLite.
    """

    def __init__(self, transport_url: str | None = None, ledger_url: str | None = None) -> None:
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="synchronizer-benchmark-"))
        self.truth = self.path / "truth.jsonl"
        self._socket = self.path / "run" / "bus.sock"
        self.transport_url = transport_url or f"local://{self._socket}"
        self.ledger_url = ledger_url or f"sqlite:///{self.path}/state/ledger.sqlite"
        self._environment = dict(os.environ)
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._client: Client | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._client is not None:
            self._client.close()
        for process in reversed(self._processes.values()):
            _end(process)
        shutil.rmtree(self.path, ignore_errors=True)

    def start_simulator(self, servers: int) -> None:
        """Starts a cloud that does not change by itself, and points clouds.yaml at it."""
        line = self.start(
            "simulator",
            [
                sys.executable, "-m", "synchronizer.simulator", "--servers", str(servers),
                "--log", str(self.truth), "--with-parent",
            ],
        )  # fmt: skip
        ready = json.loads(line)
        self.control = Control(ready["control_url"])
        self.auth = administrator(ready["auth_url"])
        clouds = self.path / "clouds.yaml"
        write_clouds(clouds, CLOUD, ready["auth_url"])
        self._environment["OS_CLIENT_CONFIG_FILE"] = str(clouds)

    def start_daemon(self, *, interval: float, changes_interval: float) -> None:
        """Starts `synchronizer run`; its defaults hold but for these seconds."""
        configuration = self.path / "synchronizer.conf"
        configuration.write_text(
            _CONFIGURATION.format(
                cloud=CLOUD,
                path=self.path,
                transport_url=self.transport_url,
                ledger_url=self.ledger_url,
                interval=interval,
                changes_interval=changes_interval,
            )
        )
        beside = pathlib.Path(sys.executable).parent
        program = shutil.which("synchronizer", path=f"{beside}:{os.environ.get('PATH', '')}")
        if program is None:
            raise errors.BadConfiguration("the command synchronizer is not installed")
        self.start(
            "daemon", [program, "--config-file", str(configuration), "run"], first_line=False
        )
        self._client = Client(self.transport_url, cloud=CLOUD)

    def stop_daemon(self) -> None:
        """Ends the daemon; the ledger stays, and `use_bus` may say where the next one talks."""
        assert self._client is not None
        self._client.close()
        self._client = None
        self.stop("daemon")

    def use_bus(self, transport_url: str | None) -> None:
        """The bus of the daemon that is started next; None for the local one."""
        self.transport_url = transport_url or f"local://{self._socket}"

    def answered_bytes(self) -> int:
        """The bytes of all answers that the simulated cloud has given."""
        return int(self.control.stats()["bytes"])

    def worker(self) -> Process:
        """The process that samples."""
        return self.part(f"worker {CLOUD}/nova")

    def part(self, title: str) -> Process:
        """The daemon's process that is called so: worker ..., relay, snapshot, broker."""
        return descendant(self._processes["daemon"].pid, title)

    def stream(self) -> StreamInfo | None:
        """Where the stream of servers stands; None while there is none, or nobody to ask."""
        assert self._client is not None
        if self.transport_url.startswith("local://") and not self._socket.exists():
            return None
        try:
            return next((s for s in self._client.describe() if s.type == TYPE), None)
        except errors.Retry:
            return None

    def wait(self, what: str, seconds: float, look: Callable[[], T | None]) -> T:
        """Looks until there is something. `ServiceUnavailable` after so many seconds."""
        end = time.monotonic() + seconds
        while (found := look()) is None:
            if time.monotonic() > end:
                raise errors.ServiceUnavailable(f"waited {seconds:.0f} s for {what} in vain")
            self._check()
            time.sleep(_LOOK)
        return found

    def listed(self, after: int, seconds: float) -> int:
        """Waits for the end of a complete listing that began later; when it began."""

        def look() -> int | None:
            stream = self.stream()
            listed_at = None if stream is None else stream.listed_at
            return listed_at if listed_at is not None and listed_at > after else None

        return self.wait("a listing", seconds, look)

    def start(self, name: str, argv: Sequence[str], *, first_line: bool = True) -> str:
        """Starts a process, which ends with the rig; waits for its first line of output."""
        self.launch(name, argv, lines=first_line)
        return self.read_line(name) if first_line else ""

    def launch(self, name: str, argv: Sequence[str], *, lines: bool = True) -> None:
        """Starts a process and waits for nothing. `lines`: what it prints is read."""
        with (self.path / f"{name}.err").open("wb") as err:
            self._processes[name] = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if lines else err,
                stderr=err,
                env=self._environment,
                text=True,
                start_new_session=True,  # Ctrl-C is for us; we end the others in order
            )

    def stop(self, name: str) -> None:
        """Ends a process before the rig ends."""
        _end(self._processes.pop(name))

    def pid(self, name: str) -> int:
        return self._processes[name].pid

    def read_line(self, name: str) -> str:
        """The next line that a process prints. `ServiceUnavailable` when it ended instead."""
        stdout = self._processes[name].stdout
        assert stdout is not None
        line = stdout.readline()
        if not line:
            raise errors.ServiceUnavailable(f"the {name} ended: {self._last_words(name)}")
        return line

    def write_line(self, name: str, line: str) -> None:
        """Hands a line to a process."""
        stdin = self._processes[name].stdin
        assert stdin is not None
        stdin.write(line + "\n")
        stdin.flush()

    def _check(self) -> None:
        for name, process in self._processes.items():
            if process.poll() is not None:
                raise errors.ServiceUnavailable(f"the {name} ended: {self._last_words(name)}")

    def _last_words(self, name: str) -> str:
        for path in (self.path / f"{name}.err", self.path / "synchronizer.log"):
            if path.exists() and (text := path.read_text(errors="replace").strip()):
                return text.splitlines()[-1][-300:]
        return "it said nothing"


def _end(process: subprocess.Popen[str]) -> None:
    """Asks a process to end; kills its session if it does not."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_ENDING)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
