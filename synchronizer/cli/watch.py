# SPDX-License-Identifier: Apache-2.0
"""`synchronizer watch`: entities and what happens to them, one line each."""

import argparse
import json
from collections.abc import Callable
from typing import Any

from cliff.command import Command

from synchronizer.cli import connect, texts
from synchronizer.cli.helping import Written
from synchronizer.client import Added, Deleted, Event, Resynced, Synced, Updated
from synchronizer.model import Entity, StreamKey


class Watch(Written, Command):
    """Print the entities of some types, and then every change to them.

    It goes on until Ctrl-C, or until whoever reads its output goes away. After a line
    "resynced" everything of that type is described anew, up to its line "synced".

    Examples: synchronizer watch nova.server
              synchronizer watch nova.server cinder.volume -f jsonl --no-snapshot | jq .id
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument("types", nargs="+", metavar="TYPE", help="for example nova.server")
        parser.add_argument(
            "-f", "--format", choices=sorted(FORMATS), default="text", help="default: text"
        )
        parser.add_argument(
            "--no-snapshot", action="store_true", help="what there is is not printed, only changes"
        )
        parser.add_argument(
            "--wait", action="store_true", help="wait for a daemon that is not there yet"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        line_of = FORMATS[parsed_args.format]
        synced: set[StreamKey] = set()
        out = self.app.stdout
        with (
            connect.client(self.app.options) as client,
            client.watch(parsed_args.types, patient=parsed_args.wait) as watch,
        ):
            try:
                for event in watch:
                    if isinstance(event, Resynced):
                        synced.discard(event.stream)
                    elif isinstance(event, Synced):
                        synced.add(event.stream)
                    elif parsed_args.no_snapshot and event.stream not in synced:
                        continue
                    out.write(line_of(event) + "\n")
                    out.flush()
            except (KeyboardInterrupt, BrokenPipeError):
                return 0
        return 0


def as_json(event: Event) -> str:
    """The event as one JSON object."""
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
            if isinstance(event, Added):
                line["entity"] = event.entity
            if isinstance(event, Updated):
                line |= {"changed": list(event.changed), "entity": event.new}
    return json.dumps(line, ensure_ascii=False)


def as_text(event: Event) -> str:
    """The event as a line for people."""
    stream = f"{event.cloud} {event.type}"
    match event:
        case Resynced():
            return f"{stream} resynced: {event.reason}"
        case Synced():
            listed = texts.instant(event.listed_at) or "never"
            return (
                f"{stream} synced at revision {event.revision}: {event.count} entities, "
                f"last complete listing {listed}" + (f", {event.held} held" if event.held else "")
            )
        case Added() | Updated() | Deleted():
            start = f"{texts.instant(event.sampled_at)} {stream} {event.revision}"
            if isinstance(event, Deleted):
                return f"{start} deleted {event.id}"
            if isinstance(event, Added):
                return f"{start} added {event.id}{_named(event.entity)}"
            what = ", ".join(f"{name}={_short(event.new.get(name))}" for name in event.changed)
            return f"{start} updated {event.id}{_named(event.new)}: {what}"


FORMATS: dict[str, Callable[[Event], str]] = {"text": as_text, "jsonl": as_json}


def _named(entity: Entity) -> str:
    name = entity.get("name") or entity.get("stack_name") or entity.get("display_name")
    status = entity.get("status") or entity.get("stack_status")
    return "".join(f" {_line(part)}" for part in (name, status) if isinstance(part, str))


def _short(value: Any) -> str:
    text = _line(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return text if len(text) <= 60 else text[:59] + "…"


def _line(text: str) -> str:
    """Without anything that would break the line, or talk to the terminal."""
    return "".join(c if c.isprintable() else "�" for c in text)
