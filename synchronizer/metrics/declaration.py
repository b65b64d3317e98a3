# SPDX-License-Identifier: Apache-2.0
"""How a metric is declared."""

import dataclasses
from typing import Literal

PREFIX = "synchronizer_"

#: Upper bounds in seconds, for what takes from a millisecond to the longest time-out.
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@dataclasses.dataclass(frozen=True, slots=True)
class Metric:
    """One metric: its name with prefix and unit, and the names of its labels.

    `buckets`: a histogram's upper bounds, ascending, without the infinite one.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def series(self) -> tuple[str, ...]:
        """The names under which its series are found in Prometheus."""
        if self.kind == "histogram":
            return tuple(f"{self.name}_{part}" for part in ("bucket", "sum", "count"))
        return (self.name,)


@dataclasses.dataclass(frozen=True, slots=True)
class Section:
    """Metrics of one origin. `text`: where they come from, and when they are missing."""

    title: str
    text: str
    metrics: tuple[Metric, ...]


def counter(name: str, text: str, *labels: str) -> Metric:
    return Metric(f"{PREFIX}{name}_total", "counter", text, labels)


def gauge(name: str, text: str, *labels: str) -> Metric:
    return Metric(PREFIX + name, "gauge", text, labels)


def histogram(name: str, text: str, *labels: str) -> Metric:
    return Metric(PREFIX + name, "histogram", text, labels, SECONDS)
