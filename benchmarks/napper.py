# SPDX-License-Identifier: Apache-2.0
"""A consumer that falls asleep over a change when it is told to, and wakes when it is told to.

A process of its own: `python -m benchmarks.napper URL CLOUD TYPE HOW`; HOW is `watch`, where it
sleeps instead of asking for the next event, or `mirror`, where a handler does. It prints a line
when it is whole, and answers each line that it reads with one of JSON:

- `nap`: it sleeps over the next change; answered when it does.
- `wake`: it goes on.
- `reach REVISION`: answered when it was told that revision: see `Report`.
"""

import dataclasses
import json
import sys
import threading
import time
from typing import Any

from benchmarks.stamp import age, sum_of
from synchronizer.client import (
    Added,
    Client,
    Copy,
    Deleted,
    Mirror,
    Resynced,
    Synced,
    Updated,
)
from synchronizer.model import Entity, StreamKey

PATIENCE = 600.0


@dataclasses.dataclass(slots=True)
class Report:
    """`seconds`: from waking until it was told that revision. `told`: changes since it was whole;
    `missed`, `twice`: revisions that were not told, or again; `resyncs`: how often all was told
    anew. `count`, `state`: of its copy. `lags`: of each change that was told, in seconds."""

    seconds: float = 0.0
    told: int = 0
    missed: int = 0
    twice: int = 0
    resyncs: int = 0
    count: int = 0
    state: str = ""
    lags: list[float] = dataclasses.field(default_factory=list)


class Napper:
    """Is told changes in the order of revisions, in one thread."""

    def __init__(self) -> None:
        self.report = Report()
        self.revision = 0
        self._changed = threading.Condition()
        self._tired = threading.Event()
        self._asleep = threading.Event()
        self._woken = threading.Event()
        self._woke = self._heard = time.monotonic()

    def begin(self, revision: int) -> None:
        """It is whole at that revision."""
        with self._changed:
            self.revision = revision
            self._changed.notify_all()

    def take(self, event: Added | Updated | Deleted) -> None:
        if self._tired.is_set():
            self._tired.clear()
            self._asleep.set()
            self._woken.wait()
        with self._changed:
            report = self.report
            report.told += 1
            report.missed += max(0, event.revision - self.revision - 1)
            report.twice += event.revision <= self.revision
            if (entity := _new(event)) is not None:
                report.lags.append(age(entity))
            self._heard = time.monotonic()
            self.revision = event.revision
            self._changed.notify_all()

    def obey(self, line: str, entities: Any) -> Any:
        """What to answer to a line. `entities`: gives all of the copy."""
        match line.split():
            case ["nap"]:
                self._woken.clear()
                self._tired.set()
                self._asleep.wait()
                self._asleep.clear()
            case ["wake"]:
                self._woke = time.monotonic()
                self._woken.set()
            case ["reach", text]:
                with self._changed:
                    self._changed.wait_for(lambda: self.revision >= int(text))
                    held: list[Entity] = entities()
                    self.report.count, self.report.state = len(held), sum_of(held)
                    self.report.seconds = self._heard - self._woke
                    return dataclasses.asdict(self.report)
        return None


def _new(event: Added | Updated | Deleted) -> Entity | None:
    match event:
        case Added():
            return event.entity
        case Updated():
            return event.new
    return None


def watch(client: Client, stream: StreamKey, napper: Napper) -> None:
    copy = Copy()

    def follow() -> None:
        for event in client.watch([stream.type], cloud=stream.cloud):
            if isinstance(event, Resynced):
                napper.report.resyncs += 1
            whole = stream in copy.synced
            copy.apply(event)
            if whole and isinstance(event, Added | Updated | Deleted):
                napper.take(event)
            if isinstance(event, Synced):
                napper.begin(event.revision)
                print("synced", flush=True)

    threading.Thread(target=follow, name="watch", daemon=True).start()
    obey(napper, lambda: list(copy.of(stream.cloud, stream.type).values()))


def mirror(client: Client, stream: StreamKey, napper: Napper) -> None:
    with Mirror(client, [stream.type], cloud=stream.cloud) as made:
        made.wait_synced(PATIENCE)
        handler = Whole(napper)
        told = made.subscribe(added=handler.take, updated=handler.take, deleted=handler.take)
        told.wait(PATIENCE)
        napper.begin(handler.end())
        print("synced", flush=True)
        obey(napper, lambda: made.list(stream.type, stream.cloud))


class Whole:
    """A handler that lets pass to the napper what comes after all that was there."""

    def __init__(self, napper: Napper) -> None:
        self._napper = napper
        self._newest = 0
        self._whole = False

    def take(self, event: Added | Updated | Deleted) -> None:
        if self._whole:
            self._napper.take(event)
        else:
            self._newest = max(self._newest, event.revision)

    def end(self) -> int:
        """All that was there was told; the newest revision of it."""
        self._whole = True
        return self._newest


def obey(napper: Napper, entities: Any) -> None:
    for line in sys.stdin:
        print(json.dumps(napper.obey(line, entities)), flush=True)


def main() -> None:
    url, cloud, type_, how = sys.argv[1:]
    with Client(url, cloud=cloud) as client:
        {"watch": watch, "mirror": mirror}[how](client, StreamKey(cloud, type_), Napper())


if __name__ == "__main__":
    main()
