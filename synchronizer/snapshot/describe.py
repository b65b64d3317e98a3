# SPDX-License-Identifier: Apache-2.0
"""describe: what there is, how fresh it is, and what is wrong with it."""

from typing import Any

import synchronizer
from synchronizer.bus import envelope
from synchronizer.ledger import Ledger, StreamState
from synchronizer.snapshot.freshness import wire_instant


class Describe:
    """Answers describe."""

    def __init__(self, ledger: Ledger, host: str) -> None:
        self._ledger = ledger
        self._host = host

    def answer(self) -> dict[str, Any]:
        clouds: dict[str, dict[str, Any]] = {}
        for state in self._ledger.streams():
            clouds.setdefault(state.key.cloud, {})[state.key.type] = self._stream(state)
        return {
            "schema": envelope.SCHEMA,
            "version": synchronizer.__version__,
            "host": self._host,
            "clouds": clouds,
        }

    def _stream(self, state: StreamState) -> dict[str, Any]:
        condition = self._ledger.condition(state.id)
        return {
            "epoch": state.epoch,
            "revision": state.revision,
            "published": state.published,
            "count": state.count,
            "digest": envelope.digest_to_wire(state.digest),
            "floor": state.floor,
            "listed_at": wire_instant(state.listed_at),
            "held": self._ledger.held_count(state.id),
            "condition": None
            if condition is None
            else {"since": wire_instant(condition.since), "message": condition.message},
        }
