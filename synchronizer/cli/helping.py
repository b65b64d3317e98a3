# SPDX-License-Identifier: Apache-2.0
"""Help as it is written: a command's docstring keeps its lines, so that examples can be read."""

import argparse
import inspect
from typing import TYPE_CHECKING

from cliff.command import Command

if TYPE_CHECKING:
    _Base = Command
else:
    _Base = object


class Written(_Base):
    """Mixed into commands, before cliff's classes."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.formatter_class = Formatter
        parser.description = inspect.getdoc(type(self))
        return parser


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Raw, and not wider than a screen."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=88, max_help_position=28)
