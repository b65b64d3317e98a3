# SPDX-License-Identifier: Apache-2.0
"""A virtual environment of its own, used from a directory outside of the checkout."""

import os
import pathlib
import subprocess
import sys

#: Seconds for one command, on a busy machine with a slow line.
PATIENCE = 240


class Installation:
    """`python` and `synchronizer` of a new environment below `path`."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        run([sys.executable, "-m", "venv", str(path / "venv")], cwd=path)
        self.python = str(path / "venv" / "bin" / "python")
        self.synchronizer = str(path / "venv" / "bin" / "synchronizer")

    def install(self, *requirements: str) -> None:
        """With pip, and whatever index it is set up for."""
        pip = (self.python, "-m", "pip", "--disable-pip-version-check")
        self.run(*pip, "install", "-q", "--no-compile", *requirements)

    def run(self, *command: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        """What a command said, which has to end with this status."""
        return run(list(command), cwd=self.path, status=status)


def run(
    command: list[str], *, cwd: pathlib.Path, status: int = 0
) -> subprocess.CompletedProcess[str]:
    """Runs a command that sees nothing of the checkout's Python paths."""
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == status, (
        f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    )
    return done
