# SPDX-License-Identifier: Apache-2.0
"""Follows the ground truth's log while it grows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from synchronizer.simulator.ground_truth import Mutation

_decoder = msgspec.json.Decoder(Mutation)


class Tail:
    """Each `read` gives the mutations that were written since the one before."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._header_read = False

    def read(self) -> Iterator[Mutation]:
        """A last line that is still being written is left for the next time."""
        with self._path.open("rb") as file:
            file.seek(self._offset)
            data = file.read()
        end = data.rfind(b"\n") + 1
        self._offset += end
        for line in data[:end].splitlines():
            if not self._header_read:
                self._header_read = True
                continue
            yield _decoder.decode(line)
