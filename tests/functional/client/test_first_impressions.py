# SPDX-License-Identifier: Apache-2.0
"""What a user sees who does something wrong, or nothing special."""

import pathlib
import subprocess
import sys


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_importing_the_client_says_nothing() -> None:
    done = run("-c", "import synchronizer.client")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_daemon_that_is_not_there_is_told_in_one_line(tmp_path: pathlib.Path) -> None:
    url = f"local://{tmp_path}/bus.sock"
    done = run("-m", "synchronizer", "--transport-url", url, "--timeout", "3", "describe")
    assert done.returncode == 3
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert url in line
