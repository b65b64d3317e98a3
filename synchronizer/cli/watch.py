# SPDX-License-Identifier: Apache-2.0
"""`synchronizer watch`: entities and what happens to them, one line each."""

import argparse
import json
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from cliff.command import Command

from synchronizer.cli import connect, embedding, texts
from synchronizer.cli.helping import Written
from synchronizer.client import Added, Deleted, Event, Resynced, Synced, Updated
from synchronizer.demo.signals import Told, endings_as_interrupts
from synchronizer.model import Entity, StreamKey


class Watched(Protocol):
    """Events, and the streams that they are of."""

    @property
    def streams(self) -> tuple[StreamKey, ...]: ...

    def __iter__(self) -> Iterator[Event]: ...


class Watch(Written, Command):
    """Print the entities of some types, and then every change to them.

    It goes on until Ctrl-C, or until whoever reads its output goes away. After a line
    "resynced" everything of that type is described anew, up to its line "synced".

    Examples: synchronizer watch nova.server
              synchronizer watch nova.server cinder.volume -f jsonl --no-snapshot | jq .id
              synchronizer watch --embedded --os-cloud mycloud nova.server
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
        parser.add_argument(
            "--until-synced", action="store_true", help="end when everything there is was told"
        )
        embedding.add_options(parser)
        self._parser = parser
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        if complaint := embedding.complaint(parsed_args, self.app.options):
            self._parser.error(complaint)
        follow = self._embedded if parsed_args.embedded else self._daemon
        try:
            follow(parsed_args)
        except Told as ending:
            return 128 + ending.number
        except (KeyboardInterrupt, BrokenPipeError):
            if parsed_args.until_synced:  # which has not come
                raise
        return 0

    def _daemon(self, parsed: argparse.Namespace) -> None:
        with (
            connect.client(self.app.options) as client,
            client.watch(parsed.types, patient=parsed.wait) as watch,
        ):
            self._print(watch, parsed, set())

    def _embedded(self, parsed: argparse.Namespace) -> None:
        since = embedding.since_of(parsed.since or (), parsed.types)
        with (
            # What ends it must not leave a temporary ledger behind.
            endings_as_interrupts(),
            embedding.opened(parsed, self.app.options) as embedded,
            embedded.watch(since=since) as watch,
        ):
            self._print(watch, parsed, {StreamKey(embedded.cloud, type_) for type_ in since})

    def _print(self, watch: Watched, parsed: argparse.Namespace, known: set[StreamKey]) -> None:
        """`known`: of these streams no snapshot comes, but what has changed."""
        line_of = FORMATS[parsed.format]
        synced: set[StreamKey] = set()
        out = self.app.stdout
        for event in watch:
            if isinstance(event, Resynced):
                synced.discard(event.stream)
                known.discard(event.stream)
            elif isinstance(event, Synced):
                synced.add(event.stream)
                known.add(event.stream)
            elif parsed.no_snapshot and event.stream not in known:
                continue
            out.write(line_of(event) + "\n")
            out.flush()
            if parsed.until_synced and synced.issuperset(watch.streams):
                return


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
