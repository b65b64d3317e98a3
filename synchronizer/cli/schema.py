# SPDX-License-Identifier: Apache-2.0
"""`synchronizer schema`: the JSON Schemas of what crosses the bus."""

import argparse
import json

from cliff.command import Command

from synchronizer import schemas
from synchronizer.cli.helping import Written


class Schema(Written, Command):
    """Print the JSON Schema of a message; without NAME, list them.

    They are of draft 2020-12.

    Examples: synchronizer schema
              synchronizer schema change-set > change-set.json
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument(
            "name", nargs="?", metavar="NAME", choices=schemas.names(), help="change-set, ..."
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        if parsed_args.name is not None:
            text = json.dumps(schemas.load(parsed_args.name), indent=2, ensure_ascii=False)
            self.app.stdout.write(f"{text}\n")
            return
        width = max(map(len, schemas.names()))
        for name in schemas.names():
            self.app.stdout.write(f"{name:{width}}  {schemas.load(name)['title']}\n")
