# SPDX-License-Identifier: Apache-2.0
"""The processes of the demonstration, and the temporary directory that they live in."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from typing import Any, Self

from synchronizer import errors
from synchronizer.bus.local.address import socket_path
from synchronizer.demo.lifeline import tied
from synchronizer.demo.signals import undisturbed
from synchronizer.simulator import write_clouds

#: The simulated cloud's name, in topics and answers.
CLOUD = "demo"
PREFIX = "synchronizer-demo-"
#: Seconds for a process to end by itself.
PATIENCE = 8.0

CONFIGURATION = """\
[DEFAULT]
clouds = {cloud}
state_path = {path}/state
runtime_path = {path}/run
log_file = {path}/synchronizer.log
graceful_shutdown_timeout = 5

[sampling]
interval = {interval}
changes_interval = {changes_interval}

[relay]
bookmark_interval = 2

[monitor]
listen =

[cloud:{cloud}:nova]
os_cloud = {os_cloud}
types = nova.server
"""


def make_directory() -> pathlib.Path:
    """A temporary directory, in one of the usual places whose path leaves room for a socket's."""
    path = pathlib.Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        socket_path(socket_of(path))
    except errors.SocketUnusable:
        path.rmdir()
        return pathlib.Path(tempfile.mkdtemp(prefix=PREFIX, dir="/tmp"))
    return path


def socket_of(path: pathlib.Path) -> pathlib.Path:
    return path / "run" / "bus.sock"


class Stage:
    """Makes the directory, and ends every process and removes every file on exit."""

    def __init__(self) -> None:
        self.path = make_directory()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._environment = dict(os.environ)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with undisturbed():
            for process in reversed(self._processes):
                end(process)
            shutil.rmtree(self.path, ignore_errors=True)

    @property
    def transport_url(self) -> str:
        return f"local://{socket_of(self.path)}"

    @property
    def truth(self) -> pathlib.Path:
        """The simulator's log."""
        return self.path / "truth.jsonl"

    def start_simulator(self, *, servers: int, churn: float, seed: int) -> dict[str, Any]:
        """Starts the simulated cloud and points clouds.yaml at it; what it printed when ready."""
        process = self._start(
            [
                sys.executable, "-m", "synchronizer.simulator", "--servers", str(servers),
                "--seed", str(seed), "--port", "0", "--churn", str(churn),
                "--log", str(self.truth), "--with-parent",
            ],
            "simulator",
            stdout=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        line = process.stdout.readline()
        if not line:
            raise errors.SourceUnavailable(f"the simulated cloud ended: {self.tail('simulator')}")
        ready: dict[str, Any] = json.loads(line)
        path = self.path / "clouds.yaml"
        write_clouds(path, CLOUD, ready["auth_url"])
        self._environment["OS_CLIENT_CONFIG_FILE"] = str(path)
        return ready

    def start_daemon(
        self, *, cloud: str, os_cloud: str, interval: float, changes_interval: float
    ) -> None:
        """Starts `synchronizer run` with a configuration of its own."""
        path = self.path / "synchronizer.conf"
        path.write_text(
            CONFIGURATION.format(
                path=self.path,
                cloud=cloud,
                os_cloud=os_cloud,
                interval=interval,
                changes_interval=changes_interval,
            )
        )
        self._start(
            [sys.executable, "-m", "synchronizer", "run", "--config-file", str(path)],
            "daemon",
        )

    def ended(self) -> str | None:
        """What is known of a process that should run and does not."""
        for process in self._processes:
            if process.poll() is not None:
                name = "daemon" if process is self._processes[-1] else "simulator"
                return f"the {name} ended with status {process.returncode}: {self.tail(name)}"
        return None

    def bus_listens(self) -> bool:
        """Whether the daemon's bus takes connections."""
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.path / "run" / "bus.sock"))
            except OSError:
                return False
        return True

    def complaint(self) -> str | None:
        """The last error or warning in the daemon's log."""
        with contextlib.suppress(OSError):
            lines = (self.path / "synchronizer.log").read_text(errors="replace").splitlines()
            for line in reversed(lines):
                for level in (" ERROR ", " WARNING "):
                    if level in line:
                        return line.partition(level)[2][-300:]
        return None

    def tail(self, name: str) -> str:
        """The last words of a process."""
        for path in (self.path / f"{name}.out", self.path / "synchronizer.log"):
            with contextlib.suppress(OSError):
                lines = path.read_text(errors="replace").splitlines()
                if lines:
                    return lines[-1][-300:]
        return "it said nothing"

    def _start(
        self, argv: list[str], name: str, stdout: int | None = None
    ) -> subprocess.Popen[bytes]:
        with (self.path / f"{name}.out").open("wb") as out:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=out if stdout is None else stdout,
                stderr=out,
                env=self._environment,
                # Ctrl-C is for us; we end the others in order.
                start_new_session=True,
                preexec_fn=tied(),
            )
        self._processes.append(process)
        return process


def end(process: subprocess.Popen[bytes]) -> None:
    """Asks a process to end, and makes it if it does not; its whole session in that case."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.stdout is not None:
        process.stdout.close()
