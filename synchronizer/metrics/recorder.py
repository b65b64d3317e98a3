# SPDX-License-Identifier: Apache-2.0
"""How a process counts."""

import bisect
import threading
from collections.abc import Iterable

import msgspec
from oslo_log import log as logging

from synchronizer.metrics.declaration import Metric
from synchronizer.metrics.numbers import Region

LOG = logging.getLogger(__name__)

#: Beside the buckets of a histogram, which go by the number of their bound.
SUM = "sum"


class Key(msgspec.Struct, frozen=True, array_like=True):
    """The name of a number in a region. `labels`: values, in the order of the metric's labels;
    `part`: of a histogram, else empty."""

    metric: str
    labels: tuple[str, ...]
    part: str = ""


class Recorder:
    """The numbers of this process; its threads share it. One in a process, made after the fork.

    Whoever counts is never disturbed: where there is no room for a new series, that is said
    once, and the series is left out.
    """

    def __init__(self, region: Region) -> None:
        self._region = region
        self._lock = threading.Lock()
        self._places: dict[Key, int | None] = {
            msgspec.json.decode(name, type=Key): place for name, place in region.places().items()
        }
        self._told = False

    def count(self, metric: Metric, amount: float = 1.0, /, **labels: str) -> None:
        """Adds to a counter. An amount of 0 shows it."""
        if amount < 0:
            raise ValueError(f"{metric.name} never falls")
        with self._lock:
            self._add(_key(metric, "counter", labels), amount)

    def put(self, metric: Metric, value: float, /, **labels: str) -> None:
        """Sets a gauge, which no other process sets."""
        with self._lock:
            place = self._place(_key(metric, "gauge", labels))
            if place is not None:
                self._region[place] = value

    def value(self, metric: Metric, /, **labels: str) -> float | None:
        """What this process, or one of its name before it, set a gauge to."""
        with self._lock:
            place = self._places.get(_key(metric, "gauge", labels))
            return None if place is None else self._region[place]

    def observe(self, metric: Metric, value: float, /, **labels: str) -> None:
        """Adds a value to a histogram."""
        key = _key(metric, "histogram", labels)
        part = str(bisect.bisect_left(metric.buckets, value))
        with self._lock:
            self._add(msgspec.structs.replace(key, part=part), 1.0)
            self._add(msgspec.structs.replace(key, part=SUM), value)

    def show(self, metrics: Iterable[Metric], /, **labels: str) -> None:
        """Has counters with these labels begin with 0, so that their first event is a rise."""
        for metric in metrics:
            self.count(metric, 0.0, **labels)

    # --- inside the lock ---------------------------------------------------------

    def _add(self, key: Key, amount: float) -> None:
        place = self._place(key)
        if place is not None:
            self._region[place] += amount

    def _place(self, key: Key) -> int | None:
        if key not in self._places:
            self._places[key] = self._region.append(msgspec.json.encode(key).decode())
            if self._places[key] is None and not self._told:
                self._told = True
                LOG.warning("There is no room for more metrics; %s and others are left out", key)
        return self._places[key]


def _key(metric: Metric, kind: str, labels: dict[str, str]) -> Key:
    if metric.kind != kind or labels.keys() != set(metric.labels):
        raise ValueError(
            f"{metric.name} is a {metric.kind} with labels {metric.labels}, "
            f"and no {kind} with {tuple(labels)}"
        )
    return Key(metric.name, tuple(labels[name] for name in metric.labels))
