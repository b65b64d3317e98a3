# SPDX-License-Identifier: Apache-2.0
"""The settings in force: replaced in the master, found by processes when they are forked."""

import mmap
import struct
from collections.abc import Collection, Sequence
from typing import NamedTuple

from synchronizer.conf import Settings

_NUMBER = struct.Struct("=Q")
_LOGS = "logs"


class _State(NamedTuple):
    """What the master replaces as one, so that a fork has all of it from before or after."""

    settings: Settings
    told: dict[str, int]


class Current:
    """The settings, and how often each process was told that its own are others now.

    Made in the master before the first fork. The numbers are in memory that all processes
    share: a process compares them with those that it was forked with.
    """

    def __init__(self, settings: Settings, processes: Sequence[str]) -> None:
        self._places = {name: 8 * place for place, name in enumerate((_LOGS, *processes))}
        self._numbers = mmap.mmap(-1, 8 * len(self._places))
        self._state = _State(settings, dict.fromkeys(self._places, 0))

    @property
    def settings(self) -> Settings:
        """In a process: those that it was forked with."""
        return self._state.settings

    def replace(self, settings: Settings, processes: Collection[str], *, logs: bool) -> None:
        """In the master: whoever is forked from now on has these `settings`; the `processes`
        are told that theirs are old, and with `logs` all are, that the log's options are."""
        told = dict(self._state.told)
        for name in (*processes, *([_LOGS] if logs else [])):
            told[name] += 1
        self._state = _State(settings, told)
        for name, place in self._places.items():
            _NUMBER.pack_into(self._numbers, place, told[name])

    def outdated(self, process: str) -> bool:
        """In this process: whether there are other settings for it by now."""
        return self._now(process) != self._state.told[process]

    def take_logs(self) -> bool:
        """In a process: whether the log's options are others than when this was asked last."""
        told, now = self._state.told, self._now(_LOGS)
        changed = now != told[_LOGS]
        told[_LOGS] = now
        return changed

    def _now(self, name: str) -> int:
        number: int = _NUMBER.unpack_from(self._numbers, self._places[name])[0]
        return number
