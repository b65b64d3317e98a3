# SPDX-License-Identifier: Apache-2.0
"""Named instants at which a process kills itself, armed by files that it consumes.

A file `armed/NAME` holds a token and how often the point is to be passed first. The first
process that reaches it after that takes it by renaming it to `hit/NAME.PID`, and is gone.
"""

import os
import pathlib
import signal
import uuid


class Points:
    """The points of one world; the harness arms them, the processes reach them."""

    def __init__(self, world: pathlib.Path) -> None:
        self._armed = world / "armed"
        self._hit = world / "hit"
        self._armed.mkdir(exist_ok=True)
        self._hit.mkdir(exist_ok=True)
        self._passed: dict[str, int] = {}

    def arm(self, name: str, skip: int = 0) -> None:
        fresh = self._armed / f".{name}"
        fresh.write_text(f"{uuid.uuid4()} {skip}")
        fresh.rename(self._armed / name)

    def disarm(self, name: str) -> None:
        (self._armed / name).unlink(missing_ok=True)

    def reach(self, name: str) -> None:
        """Dies here if the point is armed."""
        path = self._armed / name
        try:
            token, skip = path.read_text().split()
            passed = self._passed.get(token, 0)
            self._passed[token] = passed + 1
            if passed < int(skip):
                return
            path.rename(self._hit / f"{name}.{os.getpid()}")
        except FileNotFoundError:
            return
        os.kill(os.getpid(), signal.SIGKILL)

    def hits(self, name: str) -> set[int]:
        """The pids of the processes that died there."""
        return {int(path.suffix[1:]) for path in self._hit.glob(f"{name}.*")}
