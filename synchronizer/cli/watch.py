# SPDX-License-Identifier: Apache-2.0
"""`synchronizer watch`: entities and what happens to them, as it happens."""

import argparse
import contextlib
import itertools
from collections.abc import Callable, Iterator
from typing import Protocol

from cliff.command import Command

from synchronizer import errors
from synchronizer.cli import connect, embedding, events, terminal
from synchronizer.cli.helping import Written
from synchronizer.cli.progress import Progress
from synchronizer.cli.resume import ResumeFile
from synchronizer.client import Added, Event, Resynced, Synced
from synchronizer.demo.signals import Told, endings_as_interrupts
from synchronizer.model import StreamKey

FORMATS = ("text", "jsonl")


class Watched(Protocol):
    """Events, and the streams that they are of."""

    @property
    def streams(self) -> tuple[StreamKey, ...]: ...

    def __iter__(self) -> Iterator[Event]: ...


class Watch(Written, Command):
    """Tell what happens to the entities of some types, as it happens.

    A terminal gets every change, with each field's old and new value; a program gets
    JSON lines, the entities that there are first. It goes on until Ctrl-C, or until whoever
    reads its output goes away. After an event "resynced" everything of that type is told
    anew, up to "synced".

    TYPE may be a pattern, and may name the cloud: 'nova.*', boston.cinder.volume, '*.nova.*'.

    Examples: synchronizer watch nova.server
              synchronizer watch 'nova.*' -f text --no-snapshot >> changes.log
              synchronizer watch nova.server --resume ~/.servers.token | ./consume
              synchronizer watch --embedded --os-cloud mycloud nova.server
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument("types", nargs="+", metavar="TYPE", help="for example nova.server")
        parser.add_argument(
            "-f",
            "--format",
            choices=FORMATS,
            help="default: text at a terminal, else jsonl. With text, all entities are kept in "
            "memory, to know their old values",
        )
        parser.add_argument(
            "--snapshot",
            action=argparse.BooleanOptionalAction,
            help="print the entities that there are, too (default: not at a terminal)",
        )
        parser.add_argument(
            "--old",
            action="store_true",
            help="with jsonl, tell what an entity was before; it is kept in memory for that",
        )
        parser.add_argument(
            "--resume",
            metavar="FILE",
            help="keep in FILE how far it came, and go on from there the next time",
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
            # What ends it must leave neither a temporary ledger behind, nor an old resume file.
            with endings_as_interrupts():
                follow(parsed_args)
        except Told as ending:
            return 128 + ending.number
        except (KeyboardInterrupt, BrokenPipeError):
            if parsed_args.until_synced:  # which has not come
                raise
        return 0

    def _daemon(self, parsed: argparse.Namespace) -> None:
        printer = Printer(self, parsed)
        file = None if parsed.resume is None else ResumeFile(parsed.resume)
        token = None if file is None else file.read()
        with contextlib.ExitStack() as stack:
            client = stack.enter_context(connect.client(self.app.options))
            try:
                watch = client.watch(
                    parsed.types,
                    resume=token,
                    keep_entities=printer.old,
                    patient=parsed.wait,
                )
            except errors.BadRequest as error:
                if token is None or file is None:
                    raise
                raise file.damaged(error.message.partition(";")[0]) from None
            stack.enter_context(watch)
            if file is None:
                printer.print(watch)
                return
            reached = stack.enter_context(file).reached
            printer.print(watch, lambda: reached(watch.token), everything=token is not None)

    def _embedded(self, parsed: argparse.Namespace) -> None:
        printer = Printer(self, parsed)
        since = embedding.since_of(parsed.since or (), parsed.types)
        with (
            embedding.opened(parsed, self.app.options) as embedded,
            embedded.watch(since=since, keep_entities=printer.old) as watch,
        ):
            printer.known = {StreamKey(embedded.cloud, type_) for type_ in since}
            printer.print(watch)


class Printer:
    """Prints events as it was asked for. `old`: it wants to know what entities were before.
    `known`: of these streams no snapshot comes, but what has changed."""

    def __init__(self, command: Watch, parsed: argparse.Namespace) -> None:
        self._out = terminal.of(command.app)
        self._progress = Progress(terminal.of(command.app, command.app.stderr))
        text = (parsed.format or ("text" if self._out.person else "jsonl")) == "text"
        self._for_people = text and self._out.person
        self._line: Callable[[Event], str] = events.as_text
        if not text:
            self._line = lambda event: events.as_json(event, old=parsed.old)
        self._until_synced = parsed.until_synced
        self._snapshot = parsed.snapshot
        if self._snapshot is None:
            self._snapshot = not self._for_people or parsed.until_synced
        self.old = text or parsed.old
        self.known: set[StreamKey] = set()

    def print(
        self,
        watch: Watched,
        done: Callable[[], None] = lambda: None,
        *,
        everything: bool = False,
    ) -> None:
        """Until they end. `done` is called after each event that may be gone on from;
        `everything`: what is not resynced is known."""
        anew: set[StreamKey] = set()
        synced: set[StreamKey] = set()
        told = 0
        following = iter(watch)
        with self._progress.ticking("waiting to be told what there is"):
            first = list(itertools.islice(following, 1))
        for event in itertools.chain(first, following):
            stream = event.stream
            if isinstance(event, Resynced):
                synced.discard(stream)
                self.known.discard(stream)
                anew.add(stream)
            elif isinstance(event, Synced):
                synced.add(stream)
                self.known.add(stream)
            known = stream in self.known or (everything and stream not in anew)
            if known or self._snapshot or isinstance(event, Resynced):
                self._tell(event, watch)
            elif isinstance(event, Added):
                told += 1
                if not told % 100:
                    self._progress.say(f"{event.type}: {told:,} entities so far")
            if known:
                done()
            if self._until_synced and synced.issuperset(watch.streams):
                return

    def _tell(self, event: Event, watch: Watched) -> None:
        self._progress.end()
        if self._for_people:
            self._out.line(events.for_people(event, self._out, watch.streams))
        else:
            self._out.line(self._line(event))
