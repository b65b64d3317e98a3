# SPDX-License-Identifier: Apache-2.0
"""`synchronizer plan`: what a configuration will cost the clouds' APIs."""

import argparse
import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from synchronizer import errors
from synchronizer.cli import ledgers
from synchronizer.cli.connect import needs_daemon
from synchronizer.cli.rows import Rows

if TYPE_CHECKING:
    from synchronizer.daemon.planning import ServicePlan
    from synchronizer.model import StreamKey

COLUMNS = (
    "cloud",
    "service",
    "type",
    "entities",
    "pages",
    "listings_per_hour",
    "listing_calls",
    "changes_calls",
    "calls_per_hour",
    "budget_percent",
)
ALL = "(all)"


class Plan(Rows):
    """Show how many requests an hour each service will be asked.

    For each entity type: how many entities there are, the requests that a complete listing of
    them takes, and the requests an hour for listings and for changes; then the same for
    the service as a whole, beside its budget (requests_per_minute). What does not fit is told
    on stderr, with what to change. GETs of single entities, listings for callers, and requests
    to Keystone for tokens come on top.

    How many entities there are is known from the ledger, or said with --count; otherwise
    the cloud is asked, by one complete listing of the type.

    Examples: synchronizer plan
              synchronizer plan --offline --count nova.server=20000
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument(
            "--count",
            action="append",
            default=[],
            metavar="[CLOUD:]TYPE=NUMBER",
            help="how many entities there are; may be repeated",
        )
        parser.add_argument("--offline", action="store_true", help="ask no cloud")
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        try:
            from synchronizer.daemon.main import read
            from synchronizer.daemon.planning import Asking, given, nobody, planned, warnings
        except ImportError as error:
            raise needs_daemon(error) from None
        settings = read(self.app.options.config_file)
        if not settings.clouds:
            raise errors.BadConfiguration("no cloud is configured")
        counts = given(parsed_args.count)
        recorded = self._recorded()
        asking = Asking(settings, self._say)

        def known(key: "StreamKey") -> int | None:
            for name in ((key.cloud, key.type), ("", key.type)):
                if name in counts:
                    return counts[name]
            return recorded.get(key)

        rows: list[tuple[Any, ...]] = []
        ask = nobody if parsed_args.offline else asking
        nothing = "" if parsed_args.formatter == "table" else None
        for plan in planned(settings, known, ask, self.app.options.cloud):
            rows += _rows(plan, nothing)
            for warning in warnings(plan):
                self._say(f"warning: {warning}")
        return COLUMNS, rows

    def _say(self, text: str) -> None:
        self.app.stderr.write(f"{text}\n")

    def _recorded(self) -> "dict[StreamKey, int]":
        """What a ledger knows, if there is one that can be read."""
        unknown = contextlib.suppress(errors.Stop, errors.Retry)
        with unknown, ledgers.opened(self.app.options) as ledger:
            return {
                state.key: state.count for state in ledger.streams() if state.listed_at is not None
            }
        return {}


def _rows(plan: "ServicePlan", nothing: str | None) -> Iterator[tuple[Any, ...]]:
    def row(*of: Any, calls: float) -> tuple[Any, ...]:
        share = plan.share(calls)
        percent = nothing if share is None else round(100 * share, 1)
        return (plan.cloud, plan.plugin, *of, round(calls), percent)

    for of in plan.types:
        yield row(
            of.key.type,
            of.count,
            of.pages,
            round(of.listings, 1),
            round(of.listing_calls),
            round(of.changes_calls),
            calls=of.calls,
        )
    yield row(
        ALL,
        sum(of.count for of in plan.types),
        nothing,
        nothing,
        round(sum(of.listing_calls for of in plan.types)),
        round(sum(of.changes_calls for of in plan.types)),
        calls=plan.calls,
    )
