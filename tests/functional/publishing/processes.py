# SPDX-License-Identifier: Apache-2.0
"""Real processes that a test starts, and ends by their own handles."""

import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


class Process:
    """`python -m MODULE ARGUMENTS`, ready when the constructor returns."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._popen = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert self._popen.stdout is not None
        assert self._popen.stdout.readline() == "ready\n"

    def wait(self, seconds: float = 30.0) -> int:
        """Its exit status."""
        return self._popen.wait(seconds)

    def kill(self) -> None:
        """Ends it as the kernel does: at once, wherever it is."""
        self._popen.kill()
        self._popen.wait()

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        if self._popen.poll() is None:
            self._popen.send_signal(signal.SIGTERM)
            try:
                self._popen.wait(20)
            except subprocess.TimeoutExpired:
                self._popen.kill()
                self._popen.wait()
                raise
        assert self._popen.stdout is not None
        self._popen.stdout.close()
