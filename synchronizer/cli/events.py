# SPDX-License-Identifier: Apache-2.0
"""What a watch tells, as lines: one for a program, as many as it takes for a person."""

import time
from collections.abc import Collection, Iterator
from typing import Any

from synchronizer.cli import table, texts
from synchronizer.cli.terminal import Terminal
from synchronizer.client import Added, Deleted, Event, Resynced, Synced, Updated
from synchronizer.demo.difference import FIRST, MISSING, leaves, shortened
from synchronizer.model import Entity, StreamKey

#: Fields of which a change is no news beside another one.
_NOISE = frozenset({"updated", "updated_at"})
_INDENT = " " * 11
#: Lines for one change, at most.
_MOST = 12


def as_json(event: Event, *, old: bool = False) -> str:
    """The event as one JSON object; with `old`, what an entity was before, too."""
    line: dict[str, Any] = {
        "event": type(event).__name__.lower(),
        "cloud": event.cloud,
        "type": event.type,
    }
    match event:
        case Resynced():
            line["reason"] = event.reason
        case Synced():
            line |= {
                "epoch": event.epoch,
                "revision": event.revision,
                "count": event.count,
                "listed_at": texts.instant(event.listed_at) or None,
                "held": event.held,
            }
        case Added() | Updated() | Deleted():
            line |= {
                "id": event.id,
                "revision": event.revision,
                "sampled_at": texts.instant(event.sampled_at),
            }
            if event.repaired:
                line["repaired"] = True
            if isinstance(event, Added):
                line["entity"] = event.entity
            else:
                if isinstance(event, Updated):
                    line |= {"changed": list(event.changed), "entity": event.new}
                if old:
                    line["old"] = event.old
    return texts.as_json(line)


def as_text(event: Event) -> str:
    """The event as one line of text."""
    stream = f"{event.cloud} {event.type}"
    match event:
        case Resynced():
            return f"{stream} resynced: {texts.line(event.reason)}"
        case Synced():
            listed = texts.instant(event.listed_at) or "never"
            return (
                f"{stream} synced at revision {event.revision}: {event.count} entities, "
                f"last complete listing {listed}" + (f", {event.held} held" if event.held else "")
            )
        case Added() | Updated() | Deleted():
            start = f"{texts.instant(event.sampled_at)} {stream} {event.revision}"
            end = " (repaired)" if event.repaired else ""
            if isinstance(event, Deleted):
                return f"{start} deleted {texts.line(event.id)}{named(event.old or {})}{end}"
            if isinstance(event, Added):
                return f"{start} added {texts.line(event.id)}{named(event.entity)}{end}"
            what = ", ".join(_difference(*one) for one in differences(event))
            return f"{start} updated {texts.line(event.id)}{named(event.new)}: {what}{end}"


def for_people(event: Event, terminal: Terminal, streams: Collection[StreamKey]) -> str:
    """The event as lines for a terminal. What all `streams` have in common each change is not
    told with."""
    several = len({stream.cloud for stream in streams}) > 1
    stream = f"{event.cloud} {event.type}" if several else event.type
    match event:
        case Resynced():
            text = f"● {stream} is described anew: {texts.line(event.reason)}"
            return terminal.styled(text, "warn")
        case Synced():
            return terminal.styled(f"● {stream}", "strong") + (
                f"  {event.count:,} entities at revision {event.revision:,}{_listed(event)}"
            )
        case Added() | Updated() | Deleted():
            at = time.strftime("%H:%M:%S", time.localtime(event.sampled_at / 1e6))
            sign, style, entity = _kind(event)
            head = (
                f"{terminal.styled(at, 'dim')} {terminal.styled(sign, style)} "
                + (f"{terminal.styled(stream, 'name')} " if len(streams) > 1 else "")
                + _title(terminal, event.id, entity)
            )
            if event.repaired:
                head += terminal.styled("  (repaired)", "warn")
            if not isinstance(event, Updated):
                return head
            return "\n".join([head, *_differences(terminal, event)])


def named(entity: Entity) -> str:
    """Name and status of an entity, each after a blank."""
    return "".join(f" {part}" for part in (_name(entity), _status(entity)) if part)


def differences(event: Updated) -> list[tuple[str, Any, Any]]:
    """(path, old, new) of each value that differs; noise only where it is all. `old` is
    `UNKNOWN` where the watch did not know it."""
    told = [field for field in event.changed if field not in _NOISE] or list(event.changed)
    told.sort(key=lambda field: FIRST.index(field) if field in FIRST else len(FIRST))
    if event.old is None:
        return [(shortened(field), UNKNOWN, event.new.get(field)) for field in told]
    return [
        (shortened(path), _there(before), _there(after))
        for field in told
        for path, before, after in leaves(field, event.old.get(field), event.new.get(field))
    ]


class _Unknown:
    """In place of a value that nobody knows."""


UNKNOWN = _Unknown()


def _difference(path: str, old: Any, new: Any) -> str:
    if old is UNKNOWN:
        return f"{texts.line(path)}={texts.short(new)}"
    return f"{texts.line(path)}: {texts.short(old)} → {texts.short(new)}"


def _differences(terminal: Terminal, event: Updated) -> Iterator[str]:
    found = differences(event)
    room = max((table.width(path) for path, _, _ in found[:_MOST]), default=0)
    room = min(room, 32)
    for path, old, new in found[:_MOST]:
        name = table.cut(texts.line(path), room)
        name = terminal.styled(name, "name") + " " * (room - table.width(name))
        yield f"{_INDENT}{name}  {_values(terminal, old, new, room + len(_INDENT) + 2)}"
    if len(found) > _MOST:
        yield terminal.styled(f"{_INDENT}… and {len(found) - _MOST} more", "dim")


def _values(terminal: Terminal, old: Any, new: Any, used: int) -> str:
    """Old and new value; what is too long for a line is cut, and the shorter one cut less."""
    room = max(16, terminal.width - used)
    after = texts.short(_nothing(new), 1000)
    if old is UNKNOWN:
        return terminal.styled(table.cut(after, room), "strong")
    before = texts.short(_nothing(old), 1000)
    room -= len(" → ")
    half = room // 2
    left = max(half, room - table.width(after))
    before = table.cut(before, left)
    after = table.cut(after, max(half, room - table.width(before)))
    return f"{terminal.styled(before, 'dim')} → {terminal.styled(after, 'strong')}"


def _nothing(value: Any) -> Any:
    return table.NOTHING if value is None or value == "" else value


def _there(value: Any) -> Any:
    return None if value is MISSING else value


def _listed(event: Synced) -> str:
    if event.listed_at is None:
        return ", never listed completely"
    ago = texts.age(time.time() - event.listed_at / 1e6)
    return f", listed {ago} ago" + (f", {event.held} held" if event.held else "")


def _kind(event: Added | Updated | Deleted) -> tuple[str, str, Entity]:
    match event:
        case Added():
            return "+", "good", event.entity
        case Deleted():
            return "-", "bad", event.old or {}
        case Updated():
            return "~", "warn", event.new


def _title(terminal: Terminal, id_: str, entity: Entity) -> str:
    name, status = _name(entity), _status(entity)
    parts = [terminal.styled(name, "strong")] if name else []
    parts.append(terminal.styled(texts.line(id_), "dim" if name else "strong"))
    if status:
        parts.append(terminal.styled(status, texts.mood_of(status)))
    return " ".join(parts)


def _name(entity: Entity) -> str:
    for field in ("name", "stack_name", "display_name"):
        if isinstance(value := entity.get(field), str) and value:
            return texts.line(value)
    return ""


def _status(entity: Entity) -> str:
    for field in ("status", "stack_status"):
        if isinstance(value := entity.get(field), str):
            return texts.line(value)
    return ""
