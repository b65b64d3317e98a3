# SPDX-License-Identifier: Apache-2.0
"""What must hold of all that one consumer heard and applied, whatever was killed."""

import pathlib
from collections.abc import Callable, Mapping

import msgspec

from synchronizer.ledger import Version
from tests.acceptance.fire.failure import Broken
from tests.acceptance.fire.lines import Line
from tests.acceptance.fire.truth import Truth

_line = msgspec.json.Decoder(Line)
_OPS = {"added": ("create", "update"), "updated": ("update", "create"), "deleted": ("delete",)}


class Following:
    """A consumer's log, read while it grows. `recorded`: what the ledger has, by revision;
    `was`: whether an entity ever was in a state."""

    def __init__(
        self,
        path: pathlib.Path,
        truth: Truth,
        recorded: Mapping[int, Version],
        was: Callable[[str, int], bool],
    ) -> None:
        self._path = path
        self._truth = truth
        self._recorded = recorded
        self._was = was
        self._offset = 0
        self._lines: list[Line] = []
        self._followed: int | None = None
        #: The revisions that were heard since `forget`.
        self.heard: set[int] = set()

    def read(self) -> None:
        """Takes in what was written since."""
        with self._path.open("rb") as file:
            file.seek(self._offset)
            data = file.read()
        end = data.rfind(b"\n") + 1
        self._offset += end
        for text in data[:end].splitlines():
            if text:
                line = _line.decode(text)
                self._lines.append(line)
                if line.what == "heard":
                    self.heard.update(range(line.first, line.last + 1))

    def hears(self, revision: int) -> bool:
        """Whether it has heard, since it runs, that the stream stands there."""
        begun = max((n for n, line in enumerate(self._lines) if line.what == "begun"), default=0)
        return any(
            line.what == "bookmark" and line.revision >= revision for line in self._lines[begun:]
        )

    def check(self) -> None:
        """`Broken` unless all that was read is right."""
        for line in self._lines:
            self._check_line(line)
        self._lines.clear()

    def forget(self) -> None:
        """Of what was heard so far nothing more will be asked."""
        self.heard.clear()

    def _check_line(self, line: Line) -> None:
        truth = self._truth
        if line.what == "begun" or line.what == "resynced":
            self._followed = None
        elif line.what == "synced":
            self._followed = line.revision
            alive = [id_ for id_ in line.vanished if not truth.was_gone(id_, line.at)]
            if alive:
                raise Broken(
                    "no false delete", f"{len(alive)} vanished and were there, {alive[0]} is one"
                )
        elif line.what in _OPS:
            self._check_change(line)

    def _check_change(self, line: Line) -> None:
        truth = self._truth
        if line.what == "deleted":
            if not truth.was_gone(line.id, line.at):
                raise Broken("no false delete", f"the consumer lost {line.id}, which was there")
        elif not self._was(line.id, line.state):
            raise Broken("whole entities", f"the consumer got {line.id} as it never was")
        if self._followed is not None:
            if line.revision <= self._followed:
                raise Broken("order", f"revision {line.revision} came after {self._followed}")
            self._followed = line.revision
        version = self._recorded.get(line.revision)
        if (
            version is None
            or version.id != line.id
            or version.op not in _OPS[line.what]
            or version.sampled_at != line.sampled_at
        ):
            raise Broken(
                "committed before published",
                f"revision {line.revision} of {line.id} was told, but the ledger "
                + (
                    "has none"
                    if version is None
                    else f"has {version.op} of {version.id} there, sampled at "
                    f"{version.sampled_at} and not at {line.sampled_at}"
                ),
            )
