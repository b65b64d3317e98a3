# SPDX-License-Identifier: Apache-2.0
"""`synchronizer epoch renew`: an operator's word that a stream's numbering begins anew."""

import argparse

from cliff.command import Command

from synchronizer.cli import ledgers
from synchronizer.cli.helping import Written


class EpochRenew(Written, Command):
    """Begin a new epoch of a type: its consumers get all again.

    For a ledger that was changed behind the daemon's back. Works on the ledger of the
    configuration, on the daemon's host.

    Example: synchronizer epoch renew nova.server
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("type", metavar="TYPE", help="entity type, for example nova.server")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        with ledgers.opened(self.app.options) as ledger:
            state = ledgers.stream(ledger, parsed_args.type, self.app.options.cloud)
            renewed = ledger.new_epoch(state.id, "an operator said so")
        self.app.stdout.write(
            f"{state.key}: epoch {renewed.epoch} begins at revision {renewed.revision}\n"
        )
