# SPDX-License-Identifier: Apache-2.0
"""What the documents show, taken out of them and run as it stands there."""

import dataclasses
import pathlib
import re
import subprocess
import sys
import threading
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).parents[2]
#: What the documents name.
BUS = "local:///run/synchronizer/bus.sock"


#: Stands above a block that a test cannot run, and says why.
_NOT_RUN = re.compile(r"<!-- not run: (.+?) -->")


@dataclasses.dataclass(frozen=True, slots=True)
class Block:
    """A code block of a document. `line`: where its text begins. `not_run`: why no test runs it,
    if that is so."""

    document: str
    line: int
    language: str
    text: str
    not_run: str | None

    @property
    def name(self) -> str | None:
        """Of the file that it is, if its first line, a comment, says so."""
        found = re.match(r"# (\S+\.\w+)\n", self.text)
        return None if found is None else found[1]


def every_block(document: str) -> list[Block]:
    """All code blocks of a document, in order."""
    text = (ROOT / document).read_text()
    found = []
    for fence in re.finditer(r"^```([^\n]*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        above = text[: fence.start()].rstrip().rpartition("\n")[2]
        mark = _NOT_RUN.fullmatch(above)
        line = text.count("\n", 0, fence.start(2)) + 1
        found.append(Block(document, line, fence[1], fence[2], None if mark is None else mark[1]))
    return found


def blocks(document: str, language: str = "python") -> list[str]:
    """The texts of a document's code blocks in one language, in order."""
    return [block.text for block in every_block(document) if block.language == language]


def commands(block: Block) -> Iterator[tuple[str, list[str]]]:
    """Each command of a console, and what is shown of its output."""
    first, *rest = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    assert not first, "a console begins with a command"
    for part in rest:
        command, *shown = part.replace("\\\n", " ").splitlines()
        yield re.sub(r"\s+#\s.*", "", command), [line for line in shown if line.strip()]


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
