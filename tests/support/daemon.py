# SPDX-License-Identifier: Apache-2.0
"""The daemon as users run it, in a directory of its own, for as long as a test needs it."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import Self

PATIENCE = 120

#: A port of its own is for those who ask for it.
MONITOR = "\n[monitor]\nlisten =\n"


class Daemon:
    """`synchronizer run` with a configuration; `options` are appended to it as they are.

    Its directory is short, as a Unix socket's path has to be. Ended by its own pid.
    `program`: the command, where it is another installation's.
    """

    def __init__(
        self,
        *,
        cloud: str,
        clouds_yaml: pathlib.Path,
        options: str = "",
        program: Sequence[str] = (sys.executable, "-m", "synchronizer"),
    ) -> None:
        self._program = tuple(program)
        self._directory = tempfile.TemporaryDirectory(prefix="synchronizer-test-")
        self.path = pathlib.Path(self._directory.name)
        self._environment = {**os.environ, "OS_CLIENT_CONFIG_FILE": str(clouds_yaml)}
        self.log = self.path / "synchronizer.log"
        self.configuration = self.path / "synchronizer.conf"
        self.configuration.write_text(
            f"[DEFAULT]\nclouds = {cloud}\nstate_path = {self.path}/state\n"
            f"runtime_path = {self.path}/run\nlog_file = {self.log}\n"
            f"graceful_shutdown_timeout = 10\n{options}"
            f"{'' if '[monitor]' in options else MONITOR}"
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def transport_url(self) -> str:
        return f"local://{self.path}/run/bus.sock"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        with (self.path / "daemon.out").open("ab") as out:
            self._process = subprocess.Popen(
                [*self._program, "run", "--config-file", str(self.configuration)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=self._environment,
                start_new_session=True,
            )

    def stop(self) -> int:
        """Asks it to end; its exit status. Kills its whole session if it does not."""
        process = self._process
        assert process is not None
        process.terminate()
        try:
            return process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise

    def kill(self) -> None:
        """Ends all its processes, as a power failure would."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def ask(self, *arguments: str) -> str:
        """What a command of `synchronizer` with this configuration prints."""
        done = subprocess.run(
            [*self._program, "--config-file", str(self.configuration), *arguments],
            capture_output=True,
            text=True,
            env=self._environment,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, f"{arguments} ended with {done.returncode}: {done.stderr}"
        return done.stdout

    def told(self) -> str:
        """Its log, for a failing test's report."""
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self._process is not None and self._process.poll() is None:
                self.stop()
        finally:
            self._directory.cleanup()
