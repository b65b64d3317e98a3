# SPDX-License-Identifier: Apache-2.0
"""Commands against a real snapshot server: in this process, as processes, and at a terminal."""

import io
import os
import pathlib
import subprocess
import sys
from collections.abc import Mapping

from synchronizer.cli.main import Synchronizer
from tests.functional.client.service import Service
from tests.support.look import Look

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

    def look(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Look:
        own = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        return Look(
            [sys.executable, "-c", PROGRAM, *self.base, *arguments],
            {**own, "TERM": "xterm", **(environment or {})},
        )
