# SPDX-License-Identifier: Apache-2.0
"""A machine as somebody has it who has just cloned the repository, and wants to try it."""

import os
import pathlib
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import Self

from tests.acceptance.docs.shape import lines_in, missing
from tests.support import checkout
from tests.support.examples import BUS, Block
from tests.support.look import Look
from tests.support.simulated import SimulatedCloud

#: What the documents call the cloud.
CLOUD = "openstack1"
#: Seconds for one command, an installation among them, on a busy machine with a slow line.
PATIENCE = 240.0
#: Of the tester's environment, only what leads to packages.
KEPT = ("PIP_", "HTTP", "http", "NO_PROXY", "no_proxy", "SSL_", "REQUESTS_")
#: How a person ends a program that does not end by itself.
INTERRUPT = "^C"


class Place:
    """A home, a checkout and a cloud, all new; `run` does what a block says.

    What differs from what the documents say: the daemon's directories are in this place, its
    cloud has servers only, and it asks for changes each second.
    """

    def __init__(self, cloud: SimulatedCloud) -> None:
        self._cloud = cloud
        # Short, as a Unix socket's path has to be.
        self._directory = tempfile.TemporaryDirectory(prefix="synchronizer-test-")
        path = pathlib.Path(self._directory.name)
        self.home = path / "home"
        self.bus = f"local://{path}/run/bus.sock"
        self._path = path
        self._state = path / "state.sh"
        self._background: list[subprocess.Popen[bytes]] = []

    def write(self, block: Block) -> None:
        """The file that a block is, where its name says."""
        assert block.name is not None
        path = pathlib.Path(block.name.replace("~", str(self.home)))
        path = self._here() / path
        path.parent.mkdir(parents=True, exist_ok=True)
        text = block.text.replace(BUS, self.bus)
        if path.name == "synchronizer.conf":
            text = text.replace(
                "[DEFAULT]\n",
                f"[DEFAULT]\nstate_path = {self._path}/state\nruntime_path = {self._path}/run\n",
            )
            text += "[nova]\ntypes = nova.server\n[sampling]\nchanges_interval = 1\n"
        path.write_text(text)

    def run(self, command: str, shown: list[str]) -> str:
        """What a command says at a terminal, which has to be what is shown of it."""
        command = command.replace(BUS, self.bus)
        if command.endswith(" &"):
            self._start(command.removesuffix("&"))
            return ""
        shown = [line.replace(BUS, self.bus) for line in shown]
        endless = shown[-1:] == [INTERRUPT]
        if endless:
            shown = shown[:-1]
        script = f'. {self._state}\n{command}\nstatus=$?\n{self._remember()}\nexit "$status"\n'
        with Look(["bash", "-c", script], {}, columns=100, patience=PATIENCE) as look:
            if endless:
                what = f"what is shown of `{command}`"
                look.until_true(lambda: missing(shown, lines_in(look.text)) is None, what)
                look.interrupt()
                look.ended()
            else:
                status = look.ended()
                assert status == 0, f"`{command}` ended with {status}: {look.text}"
        lacking = missing(shown, lines_in(look.text))
        assert lacking is None, f"`{command}` did not say {lacking!r}, but: {look.text}"
        return look.text

    def _start(self, command: str) -> None:
        script = f". {self._state}\nexec {command}"
        with (self._path / "background.log").open("ab") as log:
            self._background.append(
                subprocess.Popen(
                    ["bash", "-c", script],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env={},
                    start_new_session=True,
                )
            )

    def _remember(self) -> str:
        """Shell: the next command goes on with the same variables, in the same directory."""
        return f'{{ export -p; printf "cd %q\\n" "$PWD"; }} > {self._state}'

    def _here(self) -> pathlib.Path:
        last = self._state.read_text().splitlines()[-1]
        return pathlib.Path(shlex.split(last)[1])

    def told(self) -> str:
        """What the programs in the background said, for a failing test's report."""
        log = self._path / "background.log"
        return log.read_text(errors="replace")[-4000:] if log.exists() else ""

    def __enter__(self) -> Self:
        copy = checkout.copy_to(self._path / "synchronizer")
        clouds = self.home / ".config" / "openstack" / "clouds.yaml"
        clouds.parent.mkdir(parents=True)
        clouds.write_text(self._cloud.clouds_yaml.read_text())
        lines = [f"export {name}={shlex.quote(value)}" for name, value in self._environment()]
        self._state.write_text("\n".join([*lines, f"cd {shlex.quote(str(copy))}\n"]))
        return self

    def _environment(self) -> Iterator[tuple[str, str]]:
        yield from ((name, value) for name, value in os.environ.items() if name.startswith(KEPT))
        own = pathlib.Path(os.path.realpath(sys.executable)).parent
        yield "PATH", f"{own}:/usr/local/bin:/usr/bin:/bin"
        yield "HOME", str(self.home)
        yield "LANG", "C.UTF-8"
        yield "TERM", "xterm"
        yield "NO_COLOR", "1"

    def __exit__(self, *_: object) -> None:
        try:
            for process in self._background:
                process.terminate()
                try:
                    process.wait(PATIENCE)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
        finally:
            self._directory.cleanup()
