# SPDX-License-Identifier: Apache-2.0
"""What the demonstration shows: one screen, redrawn as things happen."""

import collections
import json
import time
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from synchronizer.client import Added, Copy, Deleted, Event, Updated
from synchronizer.demo.measure import Measure, percentile

LAST = 12


class Screen:
    """Keeps the last changes, and draws everything from what it is given."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._began = time.monotonic()
        self._last: collections.deque[tuple[str, Event]] = collections.deque(maxlen=LAST)

    def take(self, event: Event) -> None:
        if isinstance(event, Added | Updated | Deleted):
            self._last.appendleft((time.strftime("%H:%M:%S"), event))

    def draw(self, copy: Copy, measure: Measure, calls: float | None, note: str) -> RenderableType:
        seconds = int(time.monotonic() - self._began)
        streams = Table(expand=True)
        for heading in ("type", "cloud"):
            streams.add_column(heading)
        for heading in ("entities", "revision", "changes/s", "lag p50", "lag p99", "API calls/min"):
            streams.add_column(heading, justify="right")
        lags = measure.lags[-1000:]
        for stream, entities in sorted(copy.entities.items(), key=str):
            streams.add_row(
                stream.type,
                stream.cloud,
                f"{len(entities):,}",
                f"{copy.revisions.get(stream, 0):,}",
                f"{measure.per_second():.1f}",
                milliseconds(percentile(lags, 0.5)),
                milliseconds(percentile(lags, 0.99)),
                "-" if calls is None else f"{calls:.0f}",
            )
        changes = Table(expand=True, show_header=False, box=None)
        changes.add_column(no_wrap=True, style="dim")
        changes.add_column(no_wrap=True)
        changes.add_column(no_wrap=True)
        changes.add_column(overflow="ellipsis", no_wrap=True, ratio=1)
        for at, event in self._last:
            changes.add_row(at, *described(event))
        return Group(
            Panel(streams, title=f"{self._title} · {seconds} s", subtitle=note),
            Panel(changes, title="last changes", subtitle="Ctrl-C ends"),
        )


def described(event: Event) -> tuple[RenderableType, RenderableType, RenderableType]:
    """A change in three columns: what, which, and its fields old -> new."""
    if isinstance(event, Added):
        return Text("+", "bold green"), name_of(event.entity, event.id), Text("")
    if isinstance(event, Deleted):
        return Text("-", "bold red"), name_of(event.old or {}, event.id), Text("")
    assert isinstance(event, Updated)  # noqa: S101 - the screen keeps no other
    fields = Text()
    for field in event.changed:
        if fields:
            fields.append("  ")
        fields.append(f"{field} ", "cyan")
        if event.old is not None:
            fields.append(short(event.old.get(field)), "dim")
            fields.append(" -> ")
        fields.append(short(event.new.get(field)), "bold")
    return Text("~", "bold yellow"), name_of(event.new, event.id), fields


def name_of(entity: dict[str, Any], id_: str) -> Text:
    name = entity.get("name")
    return Text(f"{name} " if name else "").append(id_[:8], "dim")


def short(value: Any, width: int = 28) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= width else text[: width - 1] + "…"


def milliseconds(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.0f} ms" if value < 10_000 else f"{value / 1000:.1f} s"
