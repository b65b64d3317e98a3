# SPDX-License-Identifier: Apache-2.0
"""What docs/embedding.md shows works as it stands there."""

import os
import pathlib
import re
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from synchronizer.embedded import Embedded
from tests.acceptance.embedded.watching import PATIENCE
from tests.support.simulated import CLOUD, TYPE, SimulatedCloud

DOCUMENT = pathlib.Path(__file__).parents[3] / "docs" / "embedding.md"


def block(words: str) -> str:
    """The code block that has these words, for the simulated cloud."""
    found = re.findall(r"^```python\n(.*?)^```", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
    (code,) = (code for code in found if words in code)
    return str(code).replace("openstack1", CLOUD)


def lines(code: str, clouds_yaml: pathlib.Path) -> Iterator[str]:
    """What it prints, until it ends, or nobody reads on, or time is up."""
    environment = {**os.environ, "OS_CLIENT_CONFIG_FILE": str(clouds_yaml)}
    with subprocess.Popen(
        [sys.executable, "-u", "-W", "ignore", "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    ) as process:
        timer = threading.Timer(PATIENCE, process.kill)
        timer.start()
        try:
            assert process.stdout is not None
            yield from process.stdout
        finally:
            timer.cancel()
            process.kill()


def test_the_ten_lines_tell_what_happens(cloud: SimulatedCloud) -> None:
    told: list[str] = []
    for line in lines(block("copy.apply(event)"), cloud.clouds_yaml):
        told.append(line)
        if line.startswith("Synced("):
            cloud.control.mutate("rename")
        if line.startswith("Updated("):
            break
    assert sum(line.startswith("Added(") for line in told) >= 60, "".join(told[-5:])
    assert told[-1].startswith("Updated("), "".join(told[-5:])


def test_the_questions_are_answered(cloud: SimulatedCloud) -> None:
    told = list(lines(block("here.describe()"), cloud.clouds_yaml))
    assert len(told) == len(cloud.servers()) + 1, "".join(told[-5:])
    assert re.fullmatch(rf"{re.escape(TYPE)} 60 \d+ None\n", told[-1])


def test_a_restart_goes_on_as_shown(
    cloud: SimulatedCloud, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(cloud.clouds_yaml))
    with Embedded([TYPE], cloud=CLOUD, directory=tmp_path / "kept") as here:
        info = here.get_all(TYPE).info
    changed = cloud.control.mutate("rename")
    code = block("since=known").replace("/var/lib/inventory", str(tmp_path / "kept"))
    code = re.sub(r'\("01\w+", \d+\)', repr((info.epoch, info.revision)), code)
    first = []
    for line in lines(code, cloud.clouds_yaml):
        first.append(line)
        if line.startswith("Updated("):
            break
    assert changed in first[-1], "".join(first)
    assert not [line for line in first if line.startswith(("Added(", "Resynced("))], "".join(first)
