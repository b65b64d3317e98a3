# SPDX-License-Identifier: Apache-2.0
"""What `synchronizer status` shows: fitted to one screen, the worst first."""

import dataclasses
import os
import textwrap
import time
from collections.abc import Iterator, Sequence
from typing import Any

from synchronizer.cli import health, table, texts
from synchronizer.cli.terminal import Terminal

#: Lines of a screen that cannot tell its height, and those that are not a service's or a finding's.
HEIGHT, FRAME = 24, 9
#: Types that are named of one finding.
NAMED = 4

SIGNS = {"wrong": ("✖", "bad"), "wait": ("●", "warn"), "note": ("·", "dim")}


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """`answered`, `notified`: seconds until the daemon's answer, and its notification, came; None
    if none did."""

    url: str
    answered: float | None
    notified: float | None
    services: Sequence[health.Service]
    findings: Sequence[health.Finding]

    @property
    def well(self) -> bool:
        return self.answered is not None and health.is_well(self.findings)


def draw(terminal: Terminal, report: Report) -> None:
    """The whole report."""
    terminal.line(_verdict(terminal, report))
    terminal.line(f"bus  {texts.line(report.url)}")
    if report.answered is not None:
        terminal.line(f"     {_times(report, report.answered)}")
    if hosts := {owner.rpartition(":")[0] for of in report.services for owner in of.owners}:
        terminal.line(f"     sampled on {texts.line(', '.join(sorted(hosts)))}")
    room = _height(terminal) - FRAME if terminal.person else 1 << 30
    least = min(len(report.services), max(4, room // 3))
    told = _fitted(terminal, report.findings, room - least)
    if report.services:
        terminal.line()
        _services(terminal, report.services, room - len(told))
    for line in told:
        terminal.line(line)


def instant(value: int | None) -> str | None:
    """ISO 8601; None for None."""
    return texts.instant(value) or None


def _verdict(terminal: Terminal, report: Report) -> str:
    if report.answered is None:
        return terminal.styled("✖ nobody answers", "bad")
    levels = {finding.level for finding in report.findings}
    if "wrong" in levels:
        return terminal.styled("✖ something needs a look", "bad")
    if "wait" in levels:
        return terminal.styled("● it has just begun", "warn")
    return terminal.styled("✔ all is well", "good")


def _times(report: Report, answered: float) -> str:
    text = f"answers in {_milliseconds(answered)}"
    if report.notified is not None:
        text += f", notifies in {_milliseconds(report.notified)}"
    return text


def _milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _services(terminal: Terminal, services: Sequence[health.Service], room: int) -> None:
    shown = list(services)
    if len(shown) > max(room, 3):
        shown = [service for service in shown if not service.well][: max(room, 3)]
    if shown:
        columns = ["", "cloud", "service", "types", "entities", "proven"]
        rows = [_row(terminal, service) for service in shown]
        for name, values in (("held", [of.held for of in shown]),):
            if any(values):
                columns.append(name)
                rows = [[*row, value] for row, value in zip(rows, values, strict=True)]
        table.write(terminal, columns, rows, _mood)
    if (hidden := len(services) - len(shown)) > 0:
        well = sum(service.well for service in services) if not any(s.well for s in shown) else 0
        terminal.line(f"and {hidden} services more, {well} of them well: synchronizer describe")


def _row(terminal: Terminal, service: health.Service) -> list[Any]:
    proven = "not yet" if service.proven is None else f"{texts.age(service.proven)} ago"
    sign = terminal.signs("✔" if service.well else "✖")
    return [sign, service.cloud, service.name, service.types, service.entities, proven]


def _mood(column: str, value: Any) -> str | None:
    if column == "":
        return "good" if value in ("✔", "+") else "bad"
    if column == "held" and value:
        return "warn"
    return "name" if column == "service" else None


def _told(terminal: Terminal, finding: health.Finding) -> Iterator[str]:
    """A finding in lines: of what, what, and what to do."""
    sign, style = SIGNS[finding.level]
    of = [part for part in (finding.cloud, _named(finding.types)) if part]
    if finding.since is not None:
        of.append(f"for {texts.age(time.time() - finding.since / 1e6)}")
    lead = terminal.styled(sign, style)
    what = _wrapped(terminal, texts.line(finding.what))
    if of:
        yield f"{lead} {terminal.styled(', '.join(of), 'strong')}"
    else:
        yield f"{lead} {what.pop(0)}"
    yield from (f"  {line}" for line in what)
    for at, line in enumerate(_wrapped(terminal, finding.do)):
        yield f"  {'→' if at == 0 else ' '} {line}"


def _wrapped(terminal: Terminal, text: str) -> list[str]:
    if not terminal.person:
        return [text]
    return textwrap.wrap(text, max(20, min(terminal.width, 100) - 4), max_lines=4) or [""]


def _named(types: Sequence[str]) -> str:
    if len(types) <= NAMED:
        return ", ".join(types)
    return f"{', '.join(types[: NAMED - 1])} and {len(types) - NAMED + 1} types more"


def _fitted(terminal: Terminal, findings: Sequence[health.Finding], room: int) -> list[str]:
    """The findings in so many lines, if they can be: the first ones whole, the others in a
    line each, the last ones counted."""
    whole = [["", *_told(terminal, finding)] for finding in findings]
    brief = [_brief(terminal, finding) for finding in findings]
    for count in range(len(findings), 0, -1):
        lines = [line for of in whole[:count] for line in of]
        rest = ["", *brief[count:]] if count < len(findings) else []
        if len(lines) + len(rest) <= room:
            return lines + rest
    if not findings:
        return []
    left = max(0, room - len(whole[0]) - 2)
    rest = brief[1 : 1 + left]
    hidden = len(findings) - 1 - len(rest)
    more = f"and {hidden} more: synchronizer describe, or synchronizer status -f json"
    return [*whole[0], "", *rest, *([more] if hidden else [])]


def _brief(terminal: Terminal, finding: health.Finding) -> str:
    sign, style = SIGNS[finding.level]
    of = ", ".join(part for part in (finding.cloud, _named(finding.types)) if part)
    text = texts.line(f"{of}: {finding.what}" if of else finding.what)
    return f"{terminal.styled(sign, style)} {table.cut(text, terminal.width - 2)}"


def _height(terminal: Terminal) -> int:
    try:
        return os.get_terminal_size(terminal.out.fileno()).lines
    except (OSError, ValueError, AttributeError):
        return HEIGHT
