# SPDX-License-Identifier: Apache-2.0
"""The page that Prometheus asks for: one for all processes of the daemon."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric as Family
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from synchronizer.ledger import Watcher
from synchronizer.metrics import processes as of_processes
from synchronizer.metrics.catalogue import METRICS, START_TIME
from synchronizer.metrics.families import family, recorded
from synchronizer.metrics.numbers import Numbers
from synchronizer.metrics.streams import PATIENCE, Streams
from synchronizer.model import StreamKey
from synchronizer.vitals import Vital


class Page:
    """Made in the process that shows it, after the fork. Threads share it.

    `ledger_url`: read each time. `intervals`: the streams that are configured here, with the
    seconds between their complete listings. `processes`: of this daemon.
    """

    def __init__(
        self,
        numbers: Numbers,
        ledger_url: str,
        *,
        intervals: Callable[[], Mapping[StreamKey, float]],
        processes: Callable[[], Iterable[Vital]],
    ) -> None:
        self._watcher = Watcher(ledger_url, answer_timeout=PATIENCE)
        self._collector = _Collector(numbers, Streams(self._watcher.read, intervals), processes)

    def read(self) -> tuple[str, bytes]:
        """The content type and the page, within a few seconds whatever the ledger does."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self._collector)
        return CONTENT_TYPE_PLAIN_0_0_4, generate_latest(registry)

    def close(self) -> None:
        self._watcher.close()


class _Collector(Collector):
    def __init__(
        self,
        numbers: Numbers,
        streams: Streams,
        processes: Callable[[], Iterable[Vital]],
    ) -> None:
        self._numbers = numbers
        self._streams = streams
        self._processes = processes

    def describe(self) -> Iterable[Family]:
        return ()

    def collect(self) -> Iterator[Family]:
        """In the order of the catalogue."""
        found = recorded(self._numbers.all(), METRICS)
        found |= of_processes.families(self._processes())
        found[START_TIME.name] = family(START_TIME, {(): self._numbers.began})
        found |= self._streams.families()
        for name in METRICS:
            if name in found:
                yield found[name]
