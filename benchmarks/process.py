# SPDX-License-Identifier: Apache-2.0
"""What a process has used, from /proc (Linux)."""

import dataclasses
import os
import pathlib

import psutil

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass(frozen=True, slots=True)
class Usage:
    """`cpu`: seconds of user and system time of all threads. `peak`: bytes of the largest
    resident set since the process began, or since `Process.forget_peak`."""

    cpu: float
    peak: int


class Process:
    """A running process. OSError when it has ended."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._path = pathlib.Path(f"/proc/{pid}")

    def usage(self) -> Usage:
        # The name, in parentheses, may hold anything; what is of interest comes after it.
        fields = (self._path / "stat").read_text().rpartition(")")[2].split()
        user, system = int(fields[11]), int(fields[12])
        return Usage((user + system) / _TICKS, self._status("VmHWM"))

    def resident(self) -> int:
        """Bytes in memory now."""
        return self._status("VmRSS")

    def forget_peak(self) -> None:
        """The peak begins anew at what is resident now."""
        (self._path / "clear_refs").write_text("5")

    def _status(self, wanted: str) -> int:
        for line in (self._path / "status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name == wanted:
                return int(value.removesuffix("kB")) * 1024
        raise ProcessLookupError(f"process {self.pid} has no memory: it ended")


def family_cpu(pid: int) -> float:
    """CPU seconds of a server and all its processes, those that have ended too."""
    root = psutil.Process(pid)
    spent = 0.0
    for process in (root, *root.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        spent += times.user + times.system + times.children_user + times.children_system
    return spent


def descendant(pid: int, title: str) -> Process:
    """The one process below `pid` whose title has this text."""
    found = []
    for child in psutil.Process(pid).children(recursive=True):
        try:
            if title in " ".join(child.cmdline()):
                found.append(child.pid)
        except psutil.NoSuchProcess:
            continue
    if len(found) != 1:
        raise ProcessLookupError(f"{len(found)} processes below {pid} are called {title!r}")
    return Process(found[0])
