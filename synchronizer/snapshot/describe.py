# SPDX-License-Identifier: Apache-2.0
"""describe: what there is, how fresh it is, and what is wrong with it."""

import time
from collections.abc import Callable
from typing import Any

import synchronizer
from synchronizer.bus import envelope
from synchronizer.ledger import Activity, Ledger, StreamState
from synchronizer.model import StreamKey
from synchronizer.snapshot.freshness import wire_instant

#: Seconds between complete listings of a stream; None where that is not known here.
Interval = Callable[[StreamKey], float | None]


def unknown(key: StreamKey) -> None:
    """For a server that is not told of intervals."""
    return


class Describe:
    """Answers describe."""

    def __init__(self, ledger: Ledger, host: str, interval: Interval = unknown) -> None:
        self._ledger = ledger
        self._host = host
        self._interval = interval

    def answer(self) -> dict[str, Any]:
        clouds: dict[str, dict[str, Any]] = {}
        activities = self._ledger.activity.all()
        for state in self._ledger.streams():
            told = self._stream(state)
            if (activity := activities.get(state.id)) is not None:
                told["activity"] = _activity(activity, state.listed_at, time.time_ns() // 1000)
            clouds.setdefault(state.key.cloud, {})[state.key.type] = told
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
            "interval": self._interval(state.key),
            "owner": state.owner,
            "condition": None
            if condition is None
            else {"since": wire_instant(condition.since), "message": condition.message},
        }


def _activity(of: Activity, listed_at: int | None, now: int) -> dict[str, Any]:
    stale = None if listed_at is None else max(0, now - listed_at) / 1_000_000
    return {
        "calls": of.calls,
        "errors": of.errors,
        "seconds": round(of.seconds, 3),
        "waited": round(of.waited, 3),
        "listing_seconds": None if of.listing is None else round(of.listing, 3),
        "stale_seconds": None if stale is None else round(stale, 3),
    }
