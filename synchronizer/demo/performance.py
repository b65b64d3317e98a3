# SPDX-License-Identifier: Apache-2.0
"""The course of the demonstration, from the first process to the last comparison."""

import dataclasses
import time
from collections.abc import Callable
from typing import Any

from synchronizer import errors
from synchronizer.client import Client, StreamInfo
from synchronizer.demo.consumer import Consumer
from synchronizer.demo.measure import Measure, percentile
from synchronizer.demo.screen import Scene, Screen
from synchronizer.demo.stage import CLOUD, Stage
from synchronizer.demo.truth import TruthTail
from synchronizer.simulator.control import Control

TYPE = "nova.server"
REDRAW = 0.25
#: Seconds for the first copy, and for the last changes to arrive.
PATIENCE = 120.0
#: The same after Ctrl-C.
HURRY = 6.0
#: Seconds for which a cloud may be out of reach before that is the end.
TROUBLE = 10.0
#: Seconds between two questions to the daemon, or to the simulated cloud's counters.
ASK = 1.0

#: Fits into 80 columns. Nova does not move `updated` for it, so that changes-since is blind.
HINT = "lag: from cloud to copy; a new address shows in the next listing only ({:g} s)"


@dataclasses.dataclass(frozen=True)
class Options:
    """`seconds` None: until Ctrl-C. `os_cloud`: a cloud of the user's own."""

    seconds: float | None = None
    servers: int = 1000
    churn: float = 10.0
    seed: int = 1
    json: bool = False
    os_cloud: str | None = None
    drop_message: bool = False
    interval: float = 5.0
    changes_interval: float = 1.0


class Performance:
    """One demonstration. `show` is called several times a second with what there is to see."""

    def __init__(self, options: Options, stage: Stage, show: Callable[[Scene], None]) -> None:
        self._options = options
        self._stage = stage
        self._show = show
        self._control: Control | None = None
        self._truth: TruthTail | None = None
        self._consumer: Consumer | None = None
        self._calls: list[tuple[float, int]] = []
        self.measure = Measure(None)
        self.screen = Screen("Synchronizer · " + (options.os_cloud or "a simulated cloud"))

    def begin(self) -> None:
        """Until the consumer holds its first whole copy; then the cloud begins to change."""
        options = self._options
        if options.os_cloud is None:
            self._tick(f"Starting a simulated cloud of {options.servers:,} servers …")
            ready = self._stage.start_simulator(servers=options.servers, churn=0, seed=options.seed)
            self._control = Control(ready["control_url"])
            self._truth = TruthTail(self._stage.truth)
            self.measure = Measure(self._truth)
        self._stage.start_daemon(
            cloud=CLOUD,  # entries of clouds.yaml may have names that topics cannot have
            os_cloud=options.os_cloud or CLOUD,
            interval=options.interval if options.os_cloud is None else 60.0,
            changes_interval=options.changes_interval,
        )
        note = "Starting the daemon …"
        self._wait(self._stage.bus_listens, note, PATIENCE)
        client = Client(self._stage.transport_url, cloud=CLOUD)
        try:
            self._wait_listed(client)
        except BaseException:
            client.close()
            raise
        self._consumer = Consumer(
            client,
            TYPE,
            takers=(self.measure.take, self.screen.take),
            drop_message=options.drop_message,
        )
        self._wait(lambda: self.measure.synced, "A consumer gets all of it …", PATIENCE)
        if self._control is not None:
            self._control.churn(options.churn)

    def play(self) -> None:
        """Lets it run for the seconds asked for, or until Ctrl-C."""
        seconds = self._options.seconds
        end = None if seconds is None else time.monotonic() + seconds
        note = "The cloud changes; the consumer's copy follows."
        if self._control is not None:
            note = f"The cloud changes {self._options.churn:g} times a second; the copy follows."
        while end is None or time.monotonic() < end:
            self._tick(note)
            self._pause()

    def converge(self, hurry: bool) -> bool | None:
        """Stops the changes; whether the copy then equals the truth.

        None: no truth is known, or, in a `hurry`, the last changes have not come in time.
        """
        if self._control is None or self._truth is None or self._consumer is None:
            return None
        options, consumer = self._options, self._consumer
        if options.drop_message:
            self._wait(lambda: consumer.withheld, "Waiting for a delete to withhold …", PATIENCE)
        self._control.churn(0)
        final = self._truth.final()
        # Nothing mends a broken copy, so a few listings are enough to see that.
        patience = 5.0 + 3 * options.interval if options.drop_message else PATIENCE
        try:
            self._wait(
                lambda: consumer.equals(CLOUD, TYPE, final),
                "The cloud is still now; the last changes arrive, and the copy is compared …",
                min(patience, HURRY) if hurry else patience,
            )
        except errors.ServiceUnavailable:
            if self._stage.ended() or consumer.problem:
                raise
            return None if hurry else False
        self._tick("The copy equals the cloud, server for server and field for field.")
        return True

    def report(self, converged: bool | None) -> dict[str, Any]:
        if self._truth is not None:
            self._truth.read()
        self.measure.match()
        consumer = self._consumer
        return {
            "converged": converged,
            "entities": 0 if consumer is None else consumer.count(CLOUD, TYPE),
            "changes": self.measure.changes,
            "lag_p50_ms": rounded(percentile(self.measure.lags, 0.5)),
            "lag_p99_ms": rounded(percentile(self.measure.lags, 0.99)),
            "api_calls": None if self._control is None else self._control.stats()["requests"],
            "false_deletes": self.measure.false_deletes(),
        }

    def close(self) -> None:
        if self._consumer is not None:
            self._consumer.close()

    def _wait_listed(self, client: Client) -> None:
        """Until the daemon has made its first complete listing; an end to it if it cannot."""
        asked = [0.0]
        failing: list[float] = []

        def listed() -> bool:
            if time.monotonic() - asked[0] < ASK:
                return False
            asked[0] = time.monotonic()
            stream = described(client)
            if stream is None or stream.problem is None:
                failing.clear()
                return stream is not None and stream.listed_at is not None
            failing.append(time.monotonic())
            if failing[-1] - failing[0] >= TROUBLE:
                raise errors.SourceUnavailable(
                    f"the cloud {self._options.os_cloud or CLOUD} cannot be read: {stream.problem}"
                )
            return False

        self._wait(listed, "The daemon lists all servers for the first time …", PATIENCE)

    def _wait(self, done: Callable[[], bool], note: str, patience: float) -> None:
        end = time.monotonic() + patience
        # Every phase is told, however short.
        self._tick(note)
        while not done():
            if time.monotonic() > end:
                raise errors.ServiceUnavailable(
                    f"waited {patience:.0f} s in vain: {note.rstrip(' …')} "
                    f"({self._stage.complaint() or 'the daemon complains of nothing'})"
                )
            self._pause()
            self._tick(note)

    def _pause(self) -> None:
        consumer = self._consumer
        problem = self._stage.ended() or (consumer.problem if consumer else None)
        if problem:
            raise errors.ServiceUnavailable(problem)
        if self._truth is not None:
            self._truth.read()
            self.measure.match()
        time.sleep(REDRAW)

    def _tick(self, note: str) -> None:
        calls = self._calls_per_minute()
        hint = "" if self._control is None else HINT.format(self._options.interval)
        if self._consumer is None:
            self._show(Scene(None, self.measure, calls, note, hint))
            return
        with self._consumer.lock:
            self._show(Scene(self._consumer.copy, self.measure, calls, note, hint))

    def _calls_per_minute(self) -> float | None:
        """The API calls that the simulated cloud counted, over the last half minute."""
        if self._control is None:
            return None
        now = time.monotonic()
        if not self._calls or now - self._calls[-1][0] >= ASK:
            self._calls.append((now, self._control.stats()["requests"]))
            self._calls = [call for call in self._calls if call[0] > now - 30]
        (then, before), (last, count) = self._calls[0], self._calls[-1]
        return 60 * (count - before) / (last - then) if last - then > 2 * ASK else None


def described(client: Client) -> StreamInfo | None:
    """The stream as the daemon describes it; None while it cannot yet."""
    try:
        return next((stream for stream in client.describe() if stream.type == TYPE), None)
    except errors.Retry:
        return None


def rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
