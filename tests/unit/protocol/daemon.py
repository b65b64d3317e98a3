# SPDX-License-Identifier: Apache-2.0
"""The daemon's parts around one real ledger: relays that can be stopped at every step, the
snapshot server's endpoint, and backups of the file underneath."""

import gc
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from synchronizer.ledger import HighWater, Ledger, StreamState
from synchronizer.publishing import Relay
from synchronizer.snapshot import Endpoint
from tests.unit.protocol.bus import Bus
from tests.unit.protocol.model import KEY

BOOKMARKS = 10.0

Stage = Literal["record", "publish", "mark"]
STAGES: tuple[Stage, ...] = ("record", "publish", "mark")


class Killed(BaseException):
    """The relay's process ends here."""


class Steps:
    """What happens right before a relay's next step of a kind; once."""

    def __init__(self) -> None:
        self._planned: dict[Stage, Callable[[], None]] = {}

    def plan(self, stage: Stage, event: Callable[[], None]) -> None:
        self._planned[stage] = event

    def clear(self) -> None:
        self._planned.clear()

    def reach(self, stage: Stage) -> None:
        event = self._planned.pop(stage, None)
        if event is not None:
            event()


class SteppedHighWater(HighWater):
    """The real file, with a step before each record."""

    def __init__(self, path: Path, steps: Steps) -> None:
        super().__init__(path)
        self._steps = steps

    def record(self, key: Any, epoch: str, revision: int) -> None:
        self._steps.reach("record")
        super().record(key, epoch, revision)


class Daemon:
    """One file, opened afresh by `open`; everything that knew it before is gone then."""

    def __init__(
        self,
        folder: Path,
        empty: Path,
        bus: Bus,
        clock: Callable[[], float],
        relay: type[Relay],
        max_bytes: int,
    ) -> None:
        self.file = folder / "ledger.sqlite"
        self._state_path = folder / "state"
        self._backup = folder / "backup.sqlite"
        self._bus = bus
        self._clock = clock
        self._relay = relay
        self._max_bytes = max_bytes
        self.steps = [Steps(), Steps()]
        shutil.copy(empty, self.file)
        self.open()

    def open(self) -> None:
        self.ledger = Ledger.open(f"sqlite:///{self.file}", state_path=self._state_path)
        self.stream = self.ledger.ensure_stream(KEY, "rules").id
        self.relays = [self._make_relay(steps) for steps in self.steps]
        self.endpoint = Endpoint(
            self.ledger,
            self._bus.send,
            host="host",
            page=2,
            max_bytes=self._max_bytes,
            first_listing_timeout=0.0,
            bookmark_interval=BOOKMARKS,
        )
        # Nobody publishes while a barrier waits in this one thread.
        self.endpoint._barrier._patience = 0.0

    def close(self) -> None:
        self.ledger.close()

    @property
    def state(self) -> StreamState:
        return self.ledger.state(self.stream)

    # --- relays -----------------------------------------------------------

    def turn(self, which: int) -> None:
        """One turn of a relay; it begins anew if it is killed."""
        try:
            self.relays[which].turn()
        except Killed:
            self.relays[which] = self._make_relay(self.steps[which])
        finally:
            self.steps[which].clear()

    def restart_relay(self, which: int) -> None:
        self.relays[which] = self._make_relay(self.steps[which])

    def _make_relay(self, steps: Steps) -> Relay:
        def send(topic: str, event_type: str, payload: dict[str, Any], deadline: float) -> None:
            steps.reach("publish")
            self._bus.send(topic, event_type, payload, deadline)
            steps.reach("mark")

        return self._relay(
            self.ledger,
            SteppedHighWater(self._state_path, steps),
            send,
            max_changes=3,
            max_bytes=self._max_bytes,
            bookmark_interval=BOOKMARKS,
            clock=self._clock,
            chance=lambda: 0.0,
        )

    # --- backups ----------------------------------------------------------

    @property
    def has_backup(self) -> bool:
        return self._backup.exists()

    def back_up(self) -> None:
        """What a careful operator does: SQLite's own backup, while everything runs."""
        self._backup.unlink(missing_ok=True)
        source, target = sqlite3.connect(self.file), sqlite3.connect(self._backup)
        try:
            source.backup(target)
        finally:
            source.close()
            target.close()

    def put_backup_back(self, *, as_other_file: bool) -> None:
        """While the daemon is closed. The file is written over, or another takes its place."""
        # A closed connection lives on in this process while a result that nobody read to its
        # end is still waiting to be collected; that of a daemon has ended.
        gc.collect()
        for suffix in ("-wal", "-shm"):
            self.file.with_name(self.file.name + suffix).unlink(missing_ok=True)
        if as_other_file:
            fresh = self.file.with_suffix(".restored")
            shutil.copy(self._backup, fresh)
            fresh.replace(self.file)
        else:
            shutil.copy(self._backup, self.file)
