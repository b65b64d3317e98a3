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

#: Seconds that a server may take to start or to stop, on a machine that is busy.
PATIENCE = 120.0

#: Seconds to wait for a server's children, which somebody else may be late to bury.
_ORPHANS = 10.0

# States in /proc of processes that are dead, and that are stopped (or dead).
GONE, STANDING = "ZX", "TtZX"


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
        family = self._signal(signal.SIGKILL)
        self._process.wait(PATIENCE)
        _await(family, GONE, _ORPHANS)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it as its administrator would."""
        family = family_of(self.pid)
        self._process.send_signal(number)
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
        _await(family, GONE, _ORPHANS)

    def pause(self) -> None:
        """Stop it, and its children, where they are; returns when they stand still."""
        family = self._signal(signal.SIGSTOP)
        assert _await(family, STANDING, PATIENCE), "the server does not stop"

    def resume(self) -> None:
        """Go on after `pause`."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> list[int]:
        family = family_of(self.pid)
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        return family

    def _tail(self) -> str:
        return self._log.read_text(errors="replace")[-2000:]


def family_of(pid: int) -> list[int]:
    """A process, if there is one, and all below it."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*"):
        if (found := _stat(int(path.name))) is not None:
            children.setdefault(int(found[1]), []).append(int(path.name))
    family = [pid] if _stat(pid) is not None else []
    for member in family:
        family += children.get(member, [])
    return family


def _stat(pid: int) -> list[str] | None:
    """State, parent, and so on; None when there is no such process."""
    try:
        # The name, in parentheses, may hold anything; what is of interest comes after it.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def _await(family: list[int], states: str, seconds: float) -> bool:
    """Whether all of them came to be in these states, or gone, within so many seconds."""
    end = time.monotonic() + seconds
    while any((found := _stat(pid)) is not None and found[0] not in states for pid in family):
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


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
