# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import shutil
import subprocess

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if pathlib.Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.acceptance)
            item.add_marker(pytest.mark.timeout(600))


class Promtool:
    """Prometheus's own checks."""

    def __init__(self, program: str) -> None:
        self._program = program

    def __call__(self, *arguments: str | pathlib.Path, text: str = "") -> None:
        """It has to be content."""
        done = subprocess.run(
            [self._program, *arguments],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"


@pytest.fixture(scope="session")
def promtool() -> Promtool:
    program = shutil.which("promtool")
    if program is None:
        why = "no promtool here; python -m tests.engines install tools"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    return Promtool(program)
