# SPDX-License-Identifier: Apache-2.0
"""The simulator as a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, Any, cast

import psutil
import pytest

from synchronizer.simulator import Control, GroundTruth

COMMAND = [sys.executable, "-m", "synchronizer.simulator"]


def ready(process: subprocess.Popen[str]) -> Any:
    return json.loads(cast(IO[str], process.stdout).readline())


@pytest.mark.parametrize("with_signal", [signal.SIGTERM, signal.SIGINT])
def test_the_command_says_its_urls_and_ends_on_a_signal(
    with_signal: signal.Signals, tmp_path: Path
) -> None:
    log = tmp_path / "truth.jsonl"
    options = ["--servers", "40", "--seed", "9", "--log", str(log), "--shares", "address=0"]
    with subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, text=True) as process:
        try:
            urls = ready(process)
            assert urls["pid"] == process.pid
            assert urls["auth_url"].endswith("/identity/v3")
            control = Control(urls["control_url"])
            assert control.state()["live"] == 40
            assert control.step(30, settle=True) > 0
            process.send_signal(with_signal)
            assert process.wait(timeout=20) == 0
        finally:
            process.kill()
    truth = GroundTruth(log)
    assert (truth.header.seed, truth.header.servers) == (9, 40)
    assert truth.last_seq > 0
    assert "address" not in {mutation.kind for mutation in truth.mutations}


def test_the_simulator_ends_with_its_parent() -> None:
    starter = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([*sys.argv[1:]], stdout=subprocess.PIPE, text=True)\n"
        "print(child.stdout.readline(), end='', flush=True)\n"
        "sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", starter, *COMMAND, "--with-parent"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        simulator = psutil.Process(ready(parent)["pid"])
        parent.kill()
        parent.wait()
        try:
            simulator.wait(timeout=20)
        finally:
            if simulator.is_running():
                simulator.kill()


def test_a_million_servers_take_little_memory() -> None:
    options = ["--servers", "1000000"]
    with subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, text=True) as process:
        try:
            control = Control(ready(process)["control_url"])
            assert control.state()["live"] == 1_000_000
            control.step(50)
            assert psutil.Process(process.pid).memory_info().rss < 150_000_000
        finally:
            process.terminate()
