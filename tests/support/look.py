# SPDX-License-Identifier: Apache-2.0
"""A command as a person has it: at a terminal."""

import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Self

ROOT = pathlib.Path(__file__).parents[2]
#: Seconds for what comes at once, unless the machine is busy.
PATIENCE = 60.0
#: How far work was, until the next line took its place.
_WRITTEN_OVER = re.compile(r"(\r\x1b\[K[^\r\n]*)*\r\x1b\[K")


class Look:
    """A command at a terminal, of 24 lines and 80 columns. `text`: what stays of what was
    written to it.

    `environment`: all of its environment. It is killed, with all that it started, at the end
    of a `with` block.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        path: pathlib.Path = ROOT,
        columns: int = 80,
        patience: float = PATIENCE,
    ) -> None:
        self._patience = patience
        self._leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.process = subprocess.Popen(
            command,
            stdin=follower,
            stdout=follower,
            stderr=follower,
            cwd=path,
            env=environment,
            start_new_session=True,
        )
        os.close(follower)
        self._read = b""

    @property
    def text(self) -> str:
        return _WRITTEN_OVER.sub("", self._read.decode(errors="replace").replace("\r\n", "\n"))

    def until(self, text: str) -> None:
        """Reads until this text came."""
        self.until_true(lambda: text in self.text, repr(text))

    def until_true(self, done: Callable[[], bool], what: str) -> None:
        """Reads until what came is as it should be."""
        end = time.monotonic() + self._patience
        while not done():
            assert self._more(end), f"{what} did not come: {self.text}"

    def interrupt(self) -> None:
        """As Ctrl-C does: all that the command started is interrupted."""
        os.killpg(self.process.pid, signal.SIGINT)

    def ended(self) -> int:
        """Reads to the end; the exit status."""
        end = time.monotonic() + self._patience
        while self._more(end):
            """There is more."""
        return self.process.wait(self._patience)

    def _more(self, end: float) -> bool:
        ready, _, _ = select.select([self._leader], [], [], max(0.0, end - time.monotonic()))
        assert ready, f"nothing more came, and no end: {self.text}"
        try:
            data = os.read(self._leader, 65536)
        except OSError:  # the other side is closed
            return False
        self._read += data
        return bool(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # Its group may outlive it; while it is not waited for, its number is nobody else's.
        if self.process.returncode is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self._leader)
