# SPDX-License-Identifier: Apache-2.0
"""`synchronizer describe`: where every stream stands."""

import argparse
from collections.abc import Iterator
from typing import Any

from cliff.lister import Lister

from synchronizer.bus import envelope
from synchronizer.cli import connect, texts
from synchronizer.cli.helping import Written
from synchronizer.client import StreamInfo

COLUMNS = (
    "cloud",
    "type",
    "count",
    "revision",
    "unpublished",
    "listed_at",
    "held",
    "failing_since",
    "problem",
)
#: What sampling has cost: with --activity.
ACTIVITY = ("calls", "errors", "seconds", "waited", "listing_seconds", "stale_seconds")
#: For programs only; people would have to scroll.
DETAILS = ("epoch", "floor", "digest")


class Describe(Written, Lister):
    """List the entity types of each cloud: how many, how fresh, and what is wrong."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
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
    ) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
        with connect.client(self.app.options) as client:
            streams = client.describe()
        cloud = self.app.options.cloud
        chosen = [stream for stream in streams if cloud in (None, stream.cloud)]
        if parsed_args.activity:
            columns = ("cloud", "type", "count", *ACTIVITY)
            return columns, (
                (stream.cloud, stream.type, stream.count, *_activity(stream)) for stream in chosen
            )
        if parsed_args.formatter in ("table", "value") and not parsed_args.columns:
            return COLUMNS, (_row(stream) for stream in chosen)
        return COLUMNS + DETAILS + ACTIVITY, (
            _row(stream) + _details(stream) + _activity(stream) for stream in chosen
        )


def _row(stream: StreamInfo) -> tuple[Any, ...]:
    return (
        stream.cloud,
        stream.type,
        stream.count,
        stream.revision,
        stream.revision - stream.published,
        texts.instant(stream.listed_at),
        stream.held,
        texts.instant(stream.failing_since),
        stream.problem or "",
    )


def _details(stream: StreamInfo) -> tuple[Any, ...]:
    return stream.epoch, stream.floor, envelope.digest_to_wire(stream.digest)


def _activity(stream: StreamInfo) -> tuple[Any, ...]:
    return tuple(getattr(stream.activity, name, None) for name in ACTIVITY)
