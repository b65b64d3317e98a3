# SPDX-License-Identifier: Apache-2.0
"""`synchronizer held`: deletes that wait for evidence, and an operator's word on them.

These work on the ledger of the configuration itself, so they run on the daemon's host.
"""

import argparse
from typing import TYPE_CHECKING, Any

from cliff.command import Command

from synchronizer import errors
from synchronizer.cli import ledgers, texts
from synchronizer.cli.helping import Written
from synchronizer.cli.rows import Rows

if TYPE_CHECKING:
    from synchronizer.ledger import Verdict


class HeldList(Rows):
    """List the deletes that are held: seen as gone, not proven so.

    Works on the ledger of the configuration, on the daemon's host.

    Examples: synchronizer held list
              synchronizer held list nova.server -f json
    """

    empty = "No deletes are held."

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument("type", nargs="?", metavar="TYPE", help="only of this entity type")
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        with ledgers.opened(self.app.options) as ledger:
            rows = [
                (key.cloud, key.type, h.id, h.reason, texts.instant(h.since), h.verdict or "")
                for key, h in ledger.held()
                if parsed_args.type in (None, key.type)
                and self.app.options.cloud in (None, key.cloud)
            ]
        return ("cloud", "type", "id", "reason", "since", "verdict"), rows


class _Decide(Written, Command):
    """What confirm and release have in common."""

    verdict: "Verdict"
    told: str

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument("type", metavar="TYPE", help="entity type, for example nova.server")
        parser.add_argument("ids", nargs="*", metavar="ID")
        parser.add_argument("--all", action="store_true", help="all that are held of this type")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        if bool(parsed_args.ids) == parsed_args.all:
            raise errors.BadRequest(
                "name the ids, or say --all; 'synchronizer held list' shows what is held"
            )
        with ledgers.opened(self.app.options) as ledger:
            stream = ledgers.stream(ledger, parsed_args.type, self.app.options.cloud)
            held = {hold.id for _, hold in ledger.held(stream.id)}
            if missing := [id_ for id_ in parsed_args.ids if id_ not in held]:
                raise errors.NotFound(f"not held of {stream.key}: {', '.join(missing)}")
            count = ledger.decide(stream.id, parsed_args.ids or None, self.verdict)
        self.app.stdout.write(f"{stream.key}: {count} {self.told}\n")
        return 0


class HeldConfirm(_Decide):
    """Confirm held deletes: these entities are gone.

    The daemon deletes them within seconds, unless they were seen again meanwhile.

    Examples: synchronizer held confirm nova.server 9f1c...
              synchronizer held confirm nova.server --all
    """

    verdict = "confirm"
    told = "confirmed; the daemon deletes them within seconds"


class HeldRelease(_Decide):
    """Release held deletes: nothing is to be deleted on this account.

    The next complete listing judges these entities anew.

    Examples: synchronizer held release nova.server 9f1c...
              synchronizer held release nova.server --all
    """

    verdict = "release"
    told = "released; the next complete listing judges them anew"
