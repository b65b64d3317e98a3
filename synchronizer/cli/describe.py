# SPDX-License-Identifier: Apache-2.0
"""`synchronizer describe`: where every stream stands."""

import argparse
import time
from collections.abc import Callable, Iterable
from typing import Any

from synchronizer.bus import envelope
from synchronizer.cli import connect, terminal, texts
from synchronizer.cli.rows import Rows
from synchronizer.client import StreamInfo

#: What sampling has cost.
ACTIVITY = ("calls", "errors", "seconds", "waited", "listing_seconds", "stale_seconds")

#: Every column, and how it is told to programs.
COLUMNS: dict[str, Callable[[StreamInfo], Any]] = {
    "cloud": lambda stream: stream.cloud,
    "type": lambda stream: stream.type,
    "count": lambda stream: stream.count,
    "revision": lambda stream: stream.revision,
    "unpublished": lambda stream: stream.revision - stream.published,
    "listed_at": lambda stream: texts.instant(stream.listed_at),
    "held": lambda stream: stream.held,
    "failing_since": lambda stream: texts.instant(stream.failing_since),
    "problem": lambda stream: stream.problem or "",
    "epoch": lambda stream: stream.epoch,
    "floor": lambda stream: stream.floor,
    "digest": lambda stream: envelope.digest_to_wire(stream.digest),
    "interval": lambda stream: stream.interval,
    "owner": lambda stream: stream.owner or "",
} | {name: lambda stream, of=name: getattr(stream.activity, of, None) for name in ACTIVITY}

#: In a table: always; and only where one of the streams has something to say.
USUAL = ("cloud", "type", "count", "revision", "listed_at")
NEWS = ("unpublished", "held", "failing_since", "problem")


class Describe(Rows):
    """List all entity types: how many, how fresh, what is wrong.

    A table has "unpublished", "held", "failing_since" and "problem" only where there is
    something to tell; json, yaml and csv have every column. Whether all is well, and what to
    do if not, says "synchronizer status".

    Examples: synchronizer describe
              synchronizer describe --activity
              synchronizer describe -f json | jq '.[] | select(.problem != "")'
    """

    empty = "The daemon does not sample anything yet."

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument(
            "--activity",
            action="store_true",
            help="what sampling has cost instead: requests to the service, polls that failed, "
            "seconds in requests and waited for the service's budget, seconds of the last "
            "listing and since the last proven one",
        )
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[list[str], list[tuple[Any, ...]]]:
        with connect.client(self.app.options) as client:
            streams = client.describe()
        cloud = self.app.options.cloud
        chosen = [stream for stream in streams if cloud in (None, stream.cloud)]
        told = dict(COLUMNS)
        columns: Iterable[str] = COLUMNS
        if parsed_args.activity:
            columns = ("cloud", "type", "count", *ACTIVITY)
        elif parsed_args.formatter in ("table", "value") and not parsed_args.columns:
            columns = (*USUAL, *(name for name in NEWS if any(map(COLUMNS[name], chosen))))
            if terminal.of(self.app).person:
                told |= {
                    "listed_at": _age_of("listed_at"),
                    "failing_since": _age_of("failing_since"),
                }
        columns = list(columns)
        return columns, [tuple(told[name](stream) for name in columns) for stream in chosen]

    def mood(self, column: str, value: Any) -> str | None:
        if column in ("problem", "failing_since", "errors"):
            return "bad" if value else None
        if column in ("held", "unpublished"):
            return "warn" if value else None
        return "name" if column == "type" else None


def _age_of(column: str) -> Callable[[StreamInfo], str]:
    """How long ago an instant was, for people."""

    def told(stream: StreamInfo) -> str:
        instant = getattr(stream, column)
        return "" if instant is None else f"{texts.age(time.time() - instant / 1e6)} ago"

    return told
