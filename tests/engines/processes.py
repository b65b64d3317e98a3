# SPDX-License-Identifier: Apache-2.0
"""A server's process and its children, ended with us."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

#: Seconds that a server may take to start or to stop, on a machine that is busy.
PATIENCE = 120.0

#: Seconds to wait for a server's children, which somebody else may be late to bury.
_ORPHANS = 10.0


class ServerProcess:
    """One run of a server. It is told to stop (SIGTERM) when this process dies."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
        group: str | None = None,
    ) -> None:
        wrapper = ["setpriv", "--pdeathsig", "TERM"]
        if user is not None:
            wrapper += ["--reuid", user, "--regid", group or user, "--clear-groups"]
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [*wrapper, "--", *command],
                env=dict(os.environ if environment is None else environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._log = log
        self.pid = self._process.pid

    def wait_until(self, answering: Callable[[], bool]) -> None:
        """Return when it answers; fail with the end of its log when it does not."""
        end = time.monotonic() + PATIENCE
        while not answering():
            assert self._process.poll() is None, f"the server ended: {self._tail()}"
            assert time.monotonic() < end, f"the server did not start: {self._tail()}"
            time.sleep(0.05)

    def kill(self) -> None:
        """End it and its children as a crash would."""
        family = self._family()
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait(PATIENCE)
        psutil.wait_procs(family, timeout=_ORPHANS)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it as its administrator would."""
        family = self._family()
        self._process.send_signal(number)
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
        psutil.wait_procs(family, timeout=_ORPHANS)

    def pause(self) -> None:
        """Stop it, and its children, where they are."""
        for process in self._family():
            with suppress(psutil.NoSuchProcess):
                process.suspend()

    def resume(self) -> None:
        """Go on after `pause`."""
        for process in self._family():
            with suppress(psutil.NoSuchProcess):
                process.resume()

    def _family(self) -> list[psutil.Process]:
        try:
            server = psutil.Process(self.pid)
            return [server, *server.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def _tail(self) -> str:
        return self._log.read_text(errors="replace")[-2000:]


def free_port() -> int:
    """A port of loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listening(port: int) -> bool:
    """Whether anything on loopback accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
