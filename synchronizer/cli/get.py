# SPDX-License-Identifier: Apache-2.0
"""`synchronizer get`: one entity."""

import argparse
from typing import Any

from synchronizer import errors
from synchronizer.cli import connect, texts
from synchronizer.cli.rows import One


class Get(One):
    """Show one entity, as last recorded or as of one revision.

    Examples: synchronizer get nova.server 9f1c... -f json
              synchronizer get nova.server 9f1c... --revision 41
    """

    for_programs = "json"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument("type", metavar="TYPE", help="entity type, for example nova.server")
        parser.add_argument("id", metavar="ID")
        parser.add_argument(
            "--revision", type=int, metavar="N", help="the revision that recorded this state"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[list[str], list[Any]]:
        of = f"{parsed_args.type} {parsed_args.id}"
        with connect.client(self.app.options) as client:
            try:
                version = client.get(
                    parsed_args.type, parsed_args.id, revision=parsed_args.revision
                )
            except errors.NotFound:
                number = parsed_args.revision
                what = "" if number is None else f" that has revision {number}"
                raise errors.NotFound(
                    f"there is no {of}{what}; see synchronizer history {of}, or "
                    f"synchronizer get-all {parsed_args.type}"
                ) from None
        if version.entity is None:
            raise errors.NotFound(
                f"{of} was deleted: revision {version.revision}, seen at "
                f"{texts.instant(version.sampled_at)}; see synchronizer history {of}"
            )
        exact = parsed_args.formatter in ("json", "yaml")
        values = [v if exact else texts.cell(v) for v in version.entity.values()]
        return list(version.entity), values
