# SPDX-License-Identifier: Apache-2.0
"""Runs the demonstration as a command, and finds what is left of it."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

PATIENCE = 60


class Staged:
    """One demonstration, with a temporary directory and a working directory of its own.

    Its processes are known by the latter. (Their environment is of no use for that: the
    titles that the daemon's processes give themselves overwrite it.)
    """

    def __init__(self, path: Path) -> None:
        self.path = path / "tmp"
        self.cwd = path / "cwd"
        self.path.mkdir()
        self.cwd.mkdir()
        self.environment = {**os.environ, "TMPDIR": str(self.path)}

    def argv(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "synchronizer", "demo", *arguments]

    @contextlib.contextmanager
    def start(self, *arguments: str, **others: Any) -> Iterator[subprocess.Popen[str]]:
        """It runs until the block ends; a block that fails does not wait for its end."""
        with subprocess.Popen(
            self.argv(*arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
            cwd=self.cwd,
            **others,
        ) as process:
            try:
                yield process
            except BaseException:
                process.kill()
                raise

    def run(
        self, *arguments: str, patience: float = PATIENCE
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.argv(*arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=self.environment,
            cwd=self.cwd,
            timeout=patience,
            check=False,
        )

    def processes(self) -> list[psutil.Process]:
        """Every process of it, of whatever parent."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def left(self) -> list[str]:
        """Files that were not removed."""
        return sorted(str(path) for path in self.path.rglob("*"))

    def end(self) -> None:
        """Kills what is left of it, for the tests that come after."""
        for process in self.processes():
            process.kill()

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return process.cwd() == str(self.cwd)
        except (psutil.Error, OSError):
            return False
