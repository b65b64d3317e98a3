# SPDX-License-Identifier: Apache-2.0
"""What the demonstration shows: one screen, redrawn as things happen."""

import collections
import dataclasses
import time
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from synchronizer.client import Added, Copy, Deleted, Event, Updated
from synchronizer.demo.difference import differences
from synchronizer.demo.measure import Measure, percentile

#: Lines of changes; all of the screen then fits into 24.
LAST = 12
#: Lags of which the percentiles are taken.
LAGS = 1000


@dataclasses.dataclass(frozen=True)
class Scene:
    """What is drawn: `note` says what is going on, `hint` how to read the figures, and, in
    its place, `warning` what went wrong lately."""

    copy: Copy | None
    measure: Measure
    calls_per_minute: float | None
    note: str
    hint: str = ""
    warning: str = ""


class Screen:
    """Keeps the last changes, and draws everything else from what it is given."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._began = time.monotonic()
        self._last: collections.deque[tuple[str, Event]] = collections.deque(maxlen=LAST)

    def take(self, event: Event, synced: bool) -> None:
        """An event; those of the first copy are many, and no changes."""
        if synced and isinstance(event, Added | Updated | Deleted):
            self._last.appendleft((time.strftime("%H:%M:%S"), event))

    def draw(self, scene: Scene) -> RenderableType:
        seconds = int(time.monotonic() - self._began)
        head = Group(
            Text(scene.note, "bold", no_wrap=True, overflow="ellipsis"),
            figures(scene),
            Text(
                scene.warning or scene.hint,
                "yellow" if scene.warning else "dim",
                no_wrap=True,
                overflow="ellipsis",
            ),
        )
        return Group(
            Panel(head, title=f"{self._title} · {seconds} s", title_align="left"),
            Panel(
                self._changes(),
                title="the last changes, as a consumer received them",
                title_align="left",
                subtitle="Ctrl-C ends",
                subtitle_align="right",
            ),
        )

    def _changes(self) -> RenderableType:
        table = Table(expand=True, show_header=False, box=None, padding=(0, 1, 0, 0))
        table.add_column(no_wrap=True, style="dim", width=8)
        table.add_column(no_wrap=True, width=1)
        table.add_column(no_wrap=True, max_width=28, overflow="ellipsis")
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        for at, event in self._last:
            table.add_row(at, *described(event))
        for _ in range(LAST - len(self._last)):
            table.add_row("", "", "", "")  # the screen keeps its height
        return table


def figures(scene: Scene) -> RenderableType:
    """A row for each stream."""
    table = Table(expand=True, box=None, padding=(0, 1, 0, 0))
    table.add_column("type", no_wrap=True)
    for heading in ("entities", "revision", "changes/s", "lag p50", "lag p99", "API calls/min"):
        table.add_column(heading, justify="right", no_wrap=True)
    lags = scene.measure.lags[-LAGS:]
    copy = scene.copy or Copy()
    for stream, entities in sorted(copy.entities.items(), key=str):
        table.add_row(
            stream.type,
            f"{len(entities):,}",
            f"{copy.revisions.get(stream, 0):,}",
            f"{scene.measure.per_second():.1f}",
            duration(percentile(lags, 0.5)),
            duration(percentile(lags, 0.99)),
            "-" if scene.calls_per_minute is None else f"{scene.calls_per_minute:.0f}",
        )
    if not copy.entities:
        table.add_row(*["-"] * 7)
    return table


def described(event: Event) -> tuple[Text, Text, Text]:
    """A change in three columns: what, which, and its values old → new."""
    if isinstance(event, Added):
        return Text("+", "bold green"), name_of(event.entity, event.id), created(event.entity)
    if isinstance(event, Deleted):
        return Text("-", "bold red"), name_of(event.old or {}, event.id), Text("deleted", "dim")
    assert isinstance(event, Updated)  # noqa: S101 - the screen keeps no other
    values = Text()
    for path, old, new in differences(event.old or {}, event.new, event.changed):
        if values:
            values.append("  ")
        values.append(f"{path} ", "cyan").append(old, "dim").append(" → ").append(new, "bold")
    return Text("~", "bold yellow"), name_of(event.new, event.id), values


def created(entity: dict[str, Any]) -> Text:
    status = entity.get("status")
    return Text("created", "dim").append(f"  {status}" if isinstance(status, str) else "")


def name_of(entity: dict[str, Any], id_: str) -> Text:
    name = entity.get("name")
    return Text(f"{name} " if name else "").append(id_[:8], "dim")


def duration(milliseconds: float | None) -> str:
    if milliseconds is None:
        return "-"
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"
