# SPDX-License-Identifier: Apache-2.0
"""The streams, as the ledger tells of them now; or that it tells nothing.

The ledger is read on a thread of its own and waited for briefly: whatever its database
does, the page comes in time, and says of the ledger that it is away.
"""

import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from oslo_log import log as logging
from prometheus_client.core import Metric as Family

from synchronizer import errors
from synchronizer.ledger import StreamOverview
from synchronizer.metrics import catalogue
from synchronizer.metrics.families import family
from synchronizer.model import StreamKey

LOG = logging.getLogger(__name__)

#: Seconds for which a page waits for the ledger.
PATIENCE = 3.0

Read = Callable[[], tuple[list[StreamOverview], int | None]]


class Streams:
    """`intervals`: the streams to show, with the seconds between their complete listings."""

    def __init__(
        self,
        read: Read,
        intervals: Callable[[], Mapping[StreamKey, float]],
        *,
        patience: float = PATIENCE,
        now: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        self._read = read
        self._intervals = intervals
        self._patience = patience
        self._now = now
        self._reading = threading.Lock()
        self._said: str | None = None

    def families(self) -> dict[str, Family]:
        """By the metric's name."""
        found = self._in_time()
        up = catalogue.LEDGER_UP
        if found is None:
            return {up.name: family(up, {(): 0.0})}
        overviews, size = found
        intervals = self._intervals()
        shown = [of for of in overviews if of.state.key in intervals]
        families = _families(shown, intervals, self._now())
        families[up.name] = family(up, {(): 1.0})
        if size is not None:
            metric = catalogue.LEDGER_BYTES
            families[metric.name] = family(metric, {(): float(size)})
        return families

    def _in_time(self) -> tuple[list[StreamOverview], int | None] | None:
        """What the ledger tells; None if it tells nothing soon enough."""
        found: list[tuple[list[StreamOverview], int | None]] = []
        ended = threading.Event()

        def work() -> None:
            try:
                found.append(self._read())
                self._say(None)
            except errors.SynchronizerError as error:
                self._say(str(error))
            except Exception:
                LOG.exception("The metrics of the streams cannot be read")
            finally:
                self._reading.release()
                ended.set()

        # While an earlier page's question hangs there is no use in asking another.
        if not self._reading.acquire(timeout=self._patience):
            return None
        try:
            threading.Thread(target=work, name="metrics of the streams", daemon=True).start()
        except RuntimeError as error:  # no thread can be had now
            self._reading.release()
            self._say(str(error))
            return None
        ended.wait(self._patience)
        return found[0] if found else None

    def _say(self, problem: str | None) -> None:
        """Once, when it begins and when it ends."""
        if problem is not None and self._said is None:
            LOG.warning("The metrics lack the streams: %s", problem)
        elif problem is None and self._said is not None:
            LOG.info("The metrics have the streams again")
        self._said = problem


def _families(
    shown: Sequence[StreamOverview], intervals: Mapping[StreamKey, float], now: int
) -> dict[str, Family]:
    def seconds_since(instant: int) -> float:
        return max(0, now - instant) / 1_000_000

    def of(value: Callable[[StreamOverview], float | None]) -> dict[tuple[str, ...], float]:
        values = ((one.state.key, value(one)) for one in shown)
        return {(key.cloud, key.type): found for key, found in values if found is not None}

    def staleness(one: StreamOverview) -> float:
        listed_at = one.state.listed_at
        return math.inf if listed_at is None else seconds_since(listed_at)

    def age(one: StreamOverview) -> float:
        since = one.unpublished_since
        return 0.0 if since is None else seconds_since(since)

    values = (
        (catalogue.STREAM_ENTITIES, of(lambda one: one.state.count)),
        (catalogue.STREAM_REVISION, of(lambda one: one.state.revision)),
        (catalogue.STREAM_STALENESS, of(staleness)),
        (catalogue.STREAM_INTERVAL, of(lambda one: intervals[one.state.key])),
        (catalogue.STREAM_LISTING, of(lambda one: one.listing)),
        (catalogue.STREAM_HELD, of(lambda one: one.held)),
        (catalogue.STREAM_FAILING, of(lambda one: one.failing)),
        (catalogue.OUTBOX_CHANGES, of(lambda one: one.state.revision - one.state.published)),
        (catalogue.OUTBOX_AGE, of(age)),
    )
    return {metric.name: family(metric, present) for metric, present in values}
