# SPDX-License-Identifier: Apache-2.0
"""What the packages that do the work are handed, so that it is counted."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from synchronizer import errors
from synchronizer.metrics import catalogue
from synchronizer.metrics.recorder import Recorder
from synchronizer.model import StreamKey

#: By the names of `sampling.Counts`; the others are told elsewhere.
_OF_STREAMS = {
    "calls": catalogue.API_REQUESTS,
    "call_seconds": catalogue.API_SECONDS,
    "waited_seconds": catalogue.API_WAIT,
    "listings": catalogue.LISTINGS,
    "listings_unproven": catalogue.LISTINGS_UNPROVEN,
    "listing_seconds": catalogue.LISTING_SECONDS,
    "observed": catalogue.OBSERVED,
    "decoded": catalogue.DECODED,
    "discarded": catalogue.DISCARDED,
    "bad_items": catalogue.BAD_ITEMS,
    "hints": catalogue.HINTS,
}
_OPS = {"creates": "create", "updates": "update", "deletes": "delete"}

#: As of `publishing.Send`.
Send = Callable[[str, str, dict[str, Any], float], None]


class SamplingTally:
    """A `sampling.Tally`. `streams`: those that are shown before anything is counted."""

    def __init__(self, recorder: Recorder, streams: Iterable[StreamKey] = ()) -> None:
        self._recorder = recorder
        for key in streams:
            recorder.show(_OF_STREAMS.values(), cloud=key.cloud, type=key.type)
            for op in _OPS.values():
                recorder.show((catalogue.CHANGES,), cloud=key.cloud, type=key.type, op=op)

    def added(self, key: StreamKey, more: Mapping[str, float]) -> None:
        for name, amount in more.items():
            if amount <= 0:  # a clock that was set back is no reason to fall
                continue
            if name in _OF_STREAMS:
                of = {"cloud": key.cloud, "type": key.type}
                self._recorder.count(_OF_STREAMS[name], amount, **of)
            elif name in _OPS:
                of = {"cloud": key.cloud, "type": key.type, "op": _OPS[name]}
                self._recorder.count(catalogue.CHANGES, amount, **of)

    def failed(self, key: StreamKey, poll: str, error: BaseException) -> None:
        kind = type(error).__name__
        of = {"cloud": key.cloud, "type": key.type, "poll": poll, "error": kind}
        self._recorder.count(catalogue.POLL_FAILURES, **of)


class CommitTally:
    """A `ledger.OnCommit`."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        for kind in (errors.Refused, errors.LedgerUnavailable):
            recorder.show((catalogue.COMMIT_FAILURES,), error=kind.__name__)

    def __call__(self, seconds: float, error: errors.SynchronizerError | None) -> None:
        if error is None:
            self._recorder.observe(catalogue.COMMIT_SECONDS, seconds)
        else:
            self._recorder.count(catalogue.COMMIT_FAILURES, error=type(error).__name__)


class CallTally:
    """A `bus.rpc.OnCall`."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def __call__(self, method: str, outcome: str, seconds: float) -> None:
        self._recorder.observe(catalogue.RPC_SECONDS, seconds, method=method, outcome=outcome)


class HangTally:
    """Is told the name of a process that was killed as it made no progress."""

    def __init__(self, recorder: Recorder, processes: Iterable[str] = ()) -> None:
        self._recorder = recorder
        for name in processes:
            recorder.show((catalogue.PROCESS_HANGS,), process=name)

    def __call__(self, process: str) -> None:
        self._recorder.count(catalogue.PROCESS_HANGS, process=process)


class CountedSend:
    """Sends as `send` does. For one thread: the relay's.

    That the bus is out lasts beyond a relay that is killed meanwhile: it is one outage.
    """

    def __init__(self, recorder: Recorder, send: Send) -> None:
        self._recorder = recorder
        self._send = send
        recorder.show((catalogue.BUS_OUTAGES,))
        for kind in ("changes", "bookmark"):
            recorder.show((catalogue.PUBLISH_FAILURES,), kind=kind)
        self._up = recorder.value(catalogue.BUS_UP) != 0.0

    def __call__(
        self, topic: str, event_type: str, payload: dict[str, Any], deadline: float
    ) -> None:
        kind = event_type.rpartition(".")[2]
        began = time.monotonic()
        try:
            self._send(topic, event_type, payload, deadline)
        except errors.BusUnavailable:
            self._recorder.count(catalogue.PUBLISH_FAILURES, kind=kind)
            if self._up:
                self._recorder.count(catalogue.BUS_OUTAGES)
            self._is(up=False)
            raise
        self._recorder.observe(catalogue.PUBLISH_SECONDS, time.monotonic() - began, kind=kind)
        self._is(up=True)

    def _is(self, *, up: bool) -> None:
        self._up = up
        self._recorder.put(catalogue.BUS_UP, float(up))
