# SPDX-License-Identifier: Apache-2.0
"""Plays the demonstration, on a screen or without one, and judges how it went."""

import contextlib
import dataclasses
import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from rich.console import Console
from rich.live import Live

from synchronizer import errors
from synchronizer.client import Client, Copy
from synchronizer.demo.consumer import Consumer
from synchronizer.demo.measure import Measure, percentile
from synchronizer.demo.screen import Screen
from synchronizer.demo.stage import CLOUD, Stage
from synchronizer.demo.truth import TruthTail
from synchronizer.simulator.control import Control

TYPE = "nova.server"
REDRAW = 0.25
#: Seconds for the first copy, and for the last changes to arrive.
PATIENCE = 120.0


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


class Demo:
    """One performance: the stage, the consumer, and what is known of the truth."""

    def __init__(self, options: Options, stage: Stage) -> None:
        self.options = options
        self._stage = stage
        self._control: Control | None = None
        self._truth: TruthTail | None = None
        self._calls: list[tuple[float, int]] = []
        cloud = options.os_cloud or CLOUD
        if options.os_cloud is None:
            ready = stage.start_simulator(servers=options.servers, churn=0, seed=options.seed)
            self._control = Control(ready["control_url"])
            self._truth = TruthTail(stage.truth)
        self.measure = Measure(self._truth)
        self.screen = Screen("Synchronizer · " + (options.os_cloud or "a simulated cloud"))
        stage.start_daemon(
            cloud=cloud,
            os_cloud=cloud,
            interval=options.interval if options.os_cloud is None else 60.0,
            changes_interval=options.changes_interval,
        )
        self.consumer = Consumer(
            Client(stage.transport_url, cloud=cloud),
            TYPE,
            takers=(self.measure.take, self.screen.take),
            drop_message=options.drop_message,
        )

    @property
    def copy(self) -> Copy:
        return self.consumer.copy

    def wait_for_copy(self, tick: Callable[[str], None]) -> None:
        """Until the consumer holds its first whole copy; then the cloud begins to change."""
        self._wait(lambda: self.measure.synced, tick, "the first listing", PATIENCE)
        if self._control is not None:
            self._control.churn(self.options.churn)

    def play(self, tick: Callable[[str], None]) -> None:
        """Lets it run for the seconds asked for, or until Ctrl-C."""
        end = None if self.options.seconds is None else time.monotonic() + self.options.seconds
        while end is None or time.monotonic() < end:
            tick("")
            self._pause()

    def converge(self, tick: Callable[[str], None]) -> bool | None:
        """Stops the changes; whether the copy then equals the truth. None: no truth is known."""
        if self._control is None or self._truth is None:
            return None
        self._control.churn(0)
        final = self._truth.final()
        cloud = self.options.os_cloud or CLOUD
        patience = 5.0 + 3 * self.options.interval if self.options.drop_message else PATIENCE
        try:
            self._wait(
                lambda: self.consumer.equals(cloud, TYPE, final), tick, "the last changes", patience
            )
        except errors.ServiceUnavailable:
            return False
        return True

    def report(self, converged: bool | None) -> dict[str, Any]:
        if self._truth is not None:
            self._truth.read()
        self.measure.match()
        cloud = self.options.os_cloud or CLOUD
        return {
            "converged": converged,
            "entities": self.consumer.count(cloud, TYPE),
            "changes": self.measure.changes,
            "lag_p50_ms": rounded(percentile(self.measure.lags, 0.5)),
            "lag_p99_ms": rounded(percentile(self.measure.lags, 0.99)),
            "api_calls": None if self._control is None else self._control.stats()["requests"],
            "false_deletes": self.measure.false_deletes(),
        }

    def calls_per_minute(self) -> float | None:
        """The API calls that the simulated cloud counted, over the last seconds."""
        if self._control is None:
            return None
        now = time.monotonic()
        self._calls.append((now, self._control.stats()["requests"]))
        self._calls = [c for c in self._calls if c[0] > now - 30]
        (then, before), (last, count) = self._calls[0], self._calls[-1]
        return 60 * (count - before) / (last - then) if last > then else None

    def _wait(
        self, done: Callable[[], bool], tick: Callable[[str], None], what: str, patience: float
    ) -> None:
        end = time.monotonic() + patience
        while not done():
            if time.monotonic() > end:
                raise errors.ServiceUnavailable(f"waited {patience:.0f} s for {what} in vain")
            tick(f"waiting for {what} …")
            self._pause()

    def _pause(self) -> None:
        problem = self._stage.ended() or self.consumer.problem
        if problem:
            raise errors.ServiceUnavailable(problem)
        if self._truth is not None:
            self._truth.read()
            self.measure.match()
        time.sleep(REDRAW)


def play(options: Options) -> int:
    """The whole demonstration; its exit status: 0 if the copy was exact in the end."""
    with endings_as_interrupts(), contextlib.ExitStack() as stack:
        stage = stack.enter_context(Stage())
        demo = Demo(options, stage)
        stack.callback(demo.consumer.close)
        with performance(options, demo) as tick:
            demo.wait_for_copy(tick)
            with contextlib.suppress(KeyboardInterrupt):
                demo.play(tick)
            converged = demo.converge(tick)
        report = demo.report(converged)
    if options.json:
        print(json.dumps(report))
    else:
        Console().print(summary(report))
    return 1 if converged is False or report["false_deletes"] else 0


@contextlib.contextmanager
def performance(options: Options, demo: Demo) -> Iterator[Callable[[str], None]]:
    """What to call with a note now and then: it draws the screen, if there is one."""
    console = Console(stderr=options.json)
    if options.json or not console.is_terminal:
        yield lambda _note: None
        return
    with Live(console=console, refresh_per_second=8, screen=False) as live:

        def tick(note: str) -> None:
            with demo.consumer.lock:
                live.update(
                    demo.screen.draw(demo.copy, demo.measure, demo.calls_per_minute(), note)
                )

        yield tick


@contextlib.contextmanager
def endings_as_interrupts() -> Iterator[None]:
    """A closed terminal and `kill` end the demonstration as Ctrl-C does: cleanly."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {s: signal.signal(s, interrupt) for s in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def summary(report: dict[str, Any]) -> str:
    verdict = {
        True: "[bold green]The copy equals the cloud, entity for entity.[/]",
        False: "[bold red]The copy differs from the cloud.[/]",
        None: "",
    }[report["converged"]]
    figures = ", ".join(f"{name} {value}" for name, value in report.items() if name != "converged")
    return f"{verdict} {figures}".strip()


def rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


if __name__ == "__main__":
    sys.exit(play(Options()))
