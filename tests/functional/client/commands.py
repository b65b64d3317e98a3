# SPDX-License-Identifier: Apache-2.0
"""Commands against a real snapshot server: in this process, as processes, and at a terminal."""

import fcntl
import io
import os
import pathlib
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from synchronizer.cli.main import Synchronizer
from tests.functional.client.service import Service

ROOT = pathlib.Path(__file__).parents[3]
PROGRAM = "import sys; from synchronizer.cli.main import main; sys.exit(main())"
#: Seconds for what comes at once, unless the machine is busy.
PATIENCE = 60.0


class Commands:
    """Runs commands in this process, or as processes of their own."""

    def __init__(self, service: Service) -> None:
        self.config = service.directory / "synchronizer.conf"
        self.config.write_text(
            f"[DEFAULT]\nstate_path = {service.directory}\ntransport_url = {service.url}\n"
        )
        self.base = ["--config-file", str(self.config), "--timeout", "20"]

    def run(self, *arguments: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        status = Synchronizer(stdout=out, stderr=err).run([*self.base, *arguments])
        return status, out.getvalue(), err.getvalue()

    def output(self, *arguments: str) -> str:
        status, out, err = self.run(*arguments)
        assert status == 0, err
        return out

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *self.base, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def look(self, *arguments: str, environment: Mapping[str, str] | None = None) -> "Look":
        return Look([sys.executable, "-c", PROGRAM, *self.base, *arguments], environment or {})


class Look:
    """A command at a terminal of 24 lines and 80 columns. `text`: what was written to it."""

    def __init__(self, command: list[str], environment: Mapping[str, str]) -> None:
        self._leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        own = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        self.process = subprocess.Popen(
            command,
            stdin=follower,
            stdout=follower,
            stderr=follower,
            cwd=ROOT,
            env={**own, "TERM": "xterm", **environment},
        )
        os.close(follower)
        self._read = b""

    @property
    def text(self) -> str:
        return self._read.decode().replace("\r\n", "\n")

    def until(self, text: str) -> None:
        """Reads until this text came."""
        end = time.monotonic() + PATIENCE
        while text not in self.text:
            assert self._more(end), f"{text!r} did not come: {self.text}"

    def ended(self) -> int:
        """Reads to the end; the exit status."""
        end = time.monotonic() + PATIENCE
        while self._more(end):
            """There is more."""
        return self.process.wait(PATIENCE)

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

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._leader)
