# SPDX-License-Identifier: Apache-2.0
"""A daemon beside a simulated cloud, whose configuration is edited while it runs."""

import os
import pathlib
import re
import signal
from functools import partial

import psutil

from tests.support.daemon import Daemon
from tests.support.simulated import CLOUD, MICROVERSION, TYPE
from tests.support.waiting import until as until_within

OPTIONS = f"""
[sampling]
interval = 7200
[nova]
microversion = {MICROVERSION}
types = {TYPE}
"""
#: The processes of this configuration, by their names.
RELAY, SNAPSHOT, BROKER, MONITOR = "relay", "snapshot", "broker", "monitor"
WORKER = f"worker {CLOUD}/nova"
#: Of a machine that does much else beside it.
until = partial(until_within, patience=120.0)

ALL = {RELAY, SNAPSHOT, BROKER, MONITOR, WORKER}


class Edited:
    """A daemon that runs, and what its log said since the last edit."""

    def __init__(self, clouds_yaml: pathlib.Path) -> None:
        self.clouds_yaml = clouds_yaml
        self.daemon = Daemon(cloud=CLOUD, clouds_yaml=clouds_yaml, options=OPTIONS)
        self.first = self.daemon.configuration.read_text()
        self._from = 0
        self.daemon.start()
        until("all processes", lambda: set(self.processes()) == ALL, told=self.daemon.told())
        until("a listing", lambda: "entities known" in self.told())

    def processes(self) -> dict[str, int]:
        """The pid of each process that runs, by name."""
        found = {}
        for child in psutil.Process(self.daemon.pid).children():
            try:
                match = re.search(r": (.+) worker\(0\)", " ".join(child.cmdline()))
            except psutil.NoSuchProcess:
                continue
            if match:
                found[match[1]] = child.pid
        return found

    def told(self) -> str:
        """What the log has since the last edit."""
        return self.daemon.log.read_text()[self._from :]

    def edit(self, lines: str = "", *, replace: tuple[str, str] = ("", "")) -> set[str]:
        """The first configuration, edited so, is read again; see there."""
        text = self.first.replace(*replace) if replace[0] else self.first
        self.daemon.configuration.write_text(text + lines)
        return self.read_again()

    def read_again(self) -> set[str]:
        """The names of the processes that are others than before, once the daemon said what it
        took over, and all that it named are there again."""
        before = self.processes()
        self._from = len(self.daemon.log.read_text())
        os.kill(self.daemon.pid, signal.SIGHUP)
        answer = until(
            "an answer to the signal",
            lambda: re.search(
                r".*(?:is taken over|is refused|cannot be read again).*", self.told()
            ),
            told=self.daemon.told(),
        )
        assert answer is not None
        named = {name for name in ALL if name in answer[0].partition("begins again: ")[2]}

        def renewed() -> bool:
            now = self.processes()
            return set(now) == ALL and all(now[name] != before[name] for name in named)

        until(f"the processes of: {answer[0]}", renewed, told=self.daemon.told())
        now = self.processes()
        # On a machine that has no time for it, the monitor may have been replaced as hung.
        return {name for name in ALL - {MONITOR} if now[name] != before[name]} | named

    def lines(self, *levels: str) -> list[str]:
        """The master's lines of these levels."""
        mine = rf" {self.daemon.pid} (?:{'|'.join(levels)}) synchronizer\.\S+ \[.*?\] (.*)"
        return re.findall(mine, self.told())

    def close(self) -> None:
        self.daemon.__exit__(None, None, None)
