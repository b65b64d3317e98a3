# SPDX-License-Identifier: Apache-2.0
"""What the documents show, taken out of them and run as it stands there."""

import pathlib
import re
import subprocess
import sys
import threading
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).parents[2]
#: What the documents name.
BUS = "local:///run/synchronizer/bus.sock"


def blocks(document: str, language: str = "python") -> list[str]:
    """The code blocks of a document, in order."""
    text = (ROOT / document).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


class Example:
    """A block that runs by itself, with a test's bus and cloud for those of the document.

    It is killed after `patience` seconds, or when the `with` block ends.
    """

    def __init__(self, code: str, transport_url: str, cloud: str, patience: float) -> None:
        code = code.replace(BUS, transport_url).replace("openstack1", cloud)
        self._process = subprocess.Popen(
            [sys.executable, "-u", "-W", "ignore", "-c", code],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._timer = threading.Timer(patience, self._process.kill)
        self._timer.start()

    def lines(self) -> Iterator[str]:
        """What it prints, until it ends or time is up."""
        assert self._process.stdout is not None
        yield from self._process.stdout

    def __enter__(self) -> "Example":
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
