# SPDX-License-Identifier: Apache-2.0
"""`synchronizer db`: the ledger's database itself: its schema, its state, its size.

These work on the ledger of the configuration, so they run on the daemon's host.
"""

import argparse
import time

from cliff.command import Command

from synchronizer import errors
from synchronizer.cli import ledgers, terminal
from synchronizer.cli.helping import Written
from synchronizer.cli.numbers import not_negative
from synchronizer.cli.progress import Progress

_MEGABYTE = 1_000_000
_MOODS = {"well": ("ok", "good"), "note": ("note", "warn"), "wrong": ("FAIL", "bad")}


class DbUpgrade(Written, Command):
    """Bring the ledger's schema to that of this program.

    The daemon does so when it begins, too. Here it is done beforehand, by a user who may
    alter tables, say. Streams keep their epochs and revisions. There is no way back but a
    backup: an older program refuses a newer schema.

    Examples: synchronizer db upgrade --dry-run
              synchronizer db upgrade
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument("--dry-run", action="store_true", help="say what would be done")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        url = ledgers.settings(self.app.options).ledger.url
        from synchronizer.ledger import upgrading

        before = upgrading.standing(url)
        out = terminal.of(self.app)
        found = "is empty" if before.schema is None else f"has schema {before.schema}"
        if not before.steps:
            out.line(f"ledger {before.where}: {found}; there is nothing to upgrade")
            return
        out.line(f"ledger {before.where}: {found}")
        for step in before.steps:
            out.line(f"  {step.number}  {step.what}")
        if parsed_args.dry_run:
            out.line("nothing was changed")
            return
        with Progress(terminal.of(self.app, self.app.stderr)).ticking("upgrading"):
            upgrading.upgrade(url)
        after = upgrading.standing(url)
        streams = f"; its {before.streams} streams go on" if before.streams else ""
        out.line(f"ledger {after.where}: has schema {after.schema} now{streams}")


class DbCheck(Written, Command):
    """Look whether the ledger is what it has to be; changes nothing.

    Schema, tables, and of every stream its numbers, its digest and each version's content.
    What opening the ledger would change is told, too: a moved or restored one begins new
    epochs. The daemon may run meanwhile. The exit status is 1 if something is wrong.

    Examples: synchronizer db check
              synchronizer db check --quick
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument("--quick", action="store_true", help="do not read contents")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        settings = ledgers.settings(self.app.options)
        from synchronizer.ledger.checkup import check_up

        out = terminal.of(self.app)
        progress = Progress(terminal.of(self.app, self.app.stderr))
        findings = check_up(
            settings.ledger.url, settings.state_path, contents=not parsed_args.quick
        )
        wrong = False
        while True:
            with progress.ticking("checking"):
                finding = next(findings, None)
            if finding is None:
                return 1 if wrong else 0
            wrong = wrong or finding.mood == "wrong"
            word, style = _MOODS[finding.mood]
            out.line(f"{out.styled(word, style)}{' ' * (6 - len(word))}{finding.what}")
            if finding.do:
                out.line(out.signs(f"      → {finding.do}"))


class DbCompact(Written, Command):
    """Forget old versions now, and give their room back if asked to.

    The daemon forgets by itself what is older than its retention; with --retention more of
    it goes at once. A consumer that was away for longer gets all again, and so may one that
    is walking through pages. The room is used again by the ledger; --shrink gives it back to
    the file system, and makes the daemon wait. Meanwhile it needs as much free room as what
    lives; of SQLite as much beside the ledger, and as much in /var/tmp (or $SQLITE_TMPDIR).

    Examples: synchronizer db compact
              synchronizer db compact --retention 86400 --shrink
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument(
            "--retention",
            type=not_negative,
            metavar="SECONDS",
            help="how old versions may be that stay (default: the configuration's)",
        )
        parser.add_argument(
            "--shrink", action="store_true", help="give free room back to the file system"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        settings = ledgers.settings(self.app.options)
        from synchronizer.keeping.compacting import compact
        from synchronizer.ledger import shrinking

        retention = parsed_args.retention
        if retention is None:
            retention = settings.ledger.retention
        older_than = int((time.time() - retention) * 1_000_000)
        out = terminal.of(self.app)
        progress = Progress(terminal.of(self.app, self.app.stderr))
        before = shrinking.size(settings.ledger.url)
        with ledgers.opened(self.app.options) as ledger:
            where = ledger.url
            for state in ledger.streams():
                if self.app.options.cloud not in (None, state.key.cloud):
                    continue
                try:
                    with progress.ticking(f"{state.key}: compacting"):
                        removed = compact(ledger, state.id, older_than)
                    floor = ledger.state(state.id).floor
                except errors.NotFound:
                    continue
                out.line(f"{state.key}: {removed} versions forgotten, remembered from {floor} on")
        if parsed_args.shrink:
            with progress.ticking("shrinking"):
                shrinking.shrink(settings.ledger.url)
        after = shrinking.size(settings.ledger.url)
        if before is not None and after is not None:
            out.line(f"ledger {where}: {after / _MEGABYTE:.1f} MB, was {before / _MEGABYTE:.1f} MB")
