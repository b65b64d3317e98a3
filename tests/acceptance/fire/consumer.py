# SPDX-License-Identifier: Apache-2.0
"""The consumer under fire: a plain copy by our client, with a log of all that it was told."""

import argparse
import pathlib
import threading
from typing import Any

from synchronizer.bus.subscription import Delivery
from synchronizer.client import Added, Client, Copy, Deleted, Event, Resynced, Synced
from synchronizer.client.watch import Subscribed
from synchronizer.model import StreamKey
from tests.acceptance.fire import defects
from tests.acceptance.fire.lines import Dump, Line, Log, now, obey, state_of
from tests.acceptance.fire.points import Points

TIMEOUT = 4.0


class Hearing:
    """Between the bus and the watch: notes what comes, and hands it on as it is."""

    def __init__(self, subscription: Subscribed, log: Log) -> None:
        self._subscription = subscription
        self._log = log

    def get(self, timeout: float | None = None) -> Delivery | None:
        delivery = self._subscription.get(timeout)
        if delivery is not None:
            payload, at = delivery.payload, now()
            if delivery.event_type.endswith(".changes"):
                first, last = payload["first"], payload["last"]
                self._log.write(Line("heard", at, epoch=payload["epoch"], first=first, last=last))
            else:
                revision = payload["revision"]
                self._log.write(Line("bookmark", at, epoch=payload["epoch"], revision=revision))
        return delivery

    def close(self) -> None:
        self._subscription.close()


class Consumer:
    def __init__(self, points: Points, log: Log, stream: StreamKey) -> None:
        self._points = points
        self._log = log
        self._stream = stream
        self._copy = Copy()
        self._lock = threading.Lock()
        self._before: set[str] = set()

    def take(self, event: Event) -> None:
        at = now()
        self._points.reach("apply.before")
        with self._lock:
            if isinstance(event, Resynced):
                self._before = set(self._copy.of(self._stream.cloud, self._stream.type))
            self._copy.apply(event)
        self._log.write(self._line(event, at))
        self._points.reach("apply.after")

    def _line(self, event: Event, at: int) -> Line:
        if isinstance(event, Resynced):
            return Line("resynced", at, text=event.reason)
        if isinstance(event, Synced):
            present = self._copy.of(self._stream.cloud, self._stream.type)
            vanished, self._before = sorted(self._before - present.keys()), set()
            return Line("synced", at, epoch=event.epoch, revision=event.revision, vanished=vanished)
        about: dict[str, Any] = {
            "id": event.id,
            "revision": event.revision,
            "sampled_at": event.sampled_at,
        }
        if isinstance(event, Deleted):
            return Line("deleted", at, **about)
        if isinstance(event, Added):
            return Line("added", at, state=state_of(event.entity), **about)
        return Line("updated", at, state=state_of(event.new), **about)

    def dump(self) -> Dump:
        stream = self._stream
        with self._lock:
            return Dump(
                stream in self._copy.synced,
                self._copy.revisions.get(stream, 0),
                self._copy.of(stream.cloud, stream.type),
            )


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--world", type=pathlib.Path, required=True)
    parser.add_argument("--transport-url", required=True)
    parser.add_argument("--cloud", required=True)
    parser.add_argument("--type", required=True)
    parser.add_argument("--defect", choices=sorted(defects.OF_CONSUMER))
    options = parser.parse_args()
    if options.defect:
        defects.OF_CONSUMER[options.defect]()
    with (options.world / "consumer.jsonl").open("ab") as file:
        log = Log(file)
        consumer = Consumer(Points(options.world), log, StreamKey(options.cloud, options.type))
        threading.Thread(target=obey, args=(consumer.dump,), daemon=True).start()
        with Client(options.transport_url, cloud=options.cloud, timeout=TIMEOUT) as client:
            watch = client.watch(
                [options.type], patient=True, wrap=lambda subscribed: Hearing(subscribed, log)
            )
            for event in watch:
                consumer.take(event)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
