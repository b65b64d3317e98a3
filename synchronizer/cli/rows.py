# SPDX-License-Identifier: Apache-2.0
"""What commands that list rows, or show one thing, have in common: their formats.

A person gets a table, fitted to the terminal and coloured. A program gets the same table
whole and without colours, or JSON lines where a command says so (`for_programs`).
"""

import argparse
import textwrap
from collections.abc import Iterable, Sequence
from importlib.metadata import EntryPoint
from typing import Any

from cliff.formatters.base import ListFormatter, SingleFormatter
from cliff.lister import Lister
from cliff.show import ShowOne
from stevedore import ExtensionManager
from stevedore.extension import Extension

from synchronizer import errors
from synchronizer.cli import table, terminal, texts
from synchronizer.cli.helping import Written, close_to


class Table(ListFormatter, SingleFormatter):
    """A table without rules."""

    def __init__(self, command: "Rows | One") -> None:
        self._command = command

    def add_argument_group(self, parser: argparse.ArgumentParser) -> None:
        """It has no options."""

    def emit_list(
        self, column_names: Any, data: Any, stdout: Any, parsed_args: argparse.Namespace
    ) -> None:
        command = self._command
        rows = list(data)
        out = terminal.of(command.app, stdout)
        if rows:
            table.write(out, column_names, rows, command.mood)
        elif out.person:
            terminal.of(command.app, command.app.stderr).line(command.empty)

    def emit_one(
        self, column_names: Any, data: Any, stdout: Any, parsed_args: argparse.Namespace
    ) -> None:
        out = terminal.of(self._command.app, stdout)
        names = [texts.line(name) for name in column_names]
        room = max(map(table.width, names), default=0)
        for column, name, value in zip(column_names, names, data, strict=True):
            lines = [table.cell(value)]
            if out.person:
                left = max(20, out.width - room - len(table.GAP))
                lines = textwrap.wrap(lines[0], left, break_on_hyphens=False) or lines
            start = out.styled(name, "name") + " " * (room - table.width(name))
            for text in lines:
                mood = self._command.mood(column, value)
                out.line(f"{start}{table.GAP}{out.styled(text, mood)}")
                start = " " * room


class JsonLines(ListFormatter):
    """One JSON object on each line."""

    def add_argument_group(self, parser: argparse.ArgumentParser) -> None:
        """It has no options."""

    def emit_list(
        self, column_names: Any, data: Any, stdout: Any, parsed_args: argparse.Namespace
    ) -> None:
        for row in data:
            of = dict(zip(column_names, row, strict=True))
            stdout.write(texts.as_json(of) + "\n")


class _Formats(Written):
    #: The format that a program gets unless it asks for another one.
    for_programs = "table"

    def mood(self, column: str, value: Any) -> str | None:
        """The style of a value; see `terminal.STYLES`."""
        if column in texts.STATES and isinstance(value, str):
            return texts.mood_of(value)
        return None

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        for action in parser._actions:
            if action.dest == "formatter":
                action.metavar = "FORMAT"
                action.help = (
                    f"{', '.join(action.choices or ())} (default: table at a terminal, "
                    f"else {self.for_programs})"
                )
        return parser

    @property
    def formatter_default(self) -> str:
        # Asked for when the parser is made; `help` makes one without options.
        return "table" if terminal.Terminal(self.app.stdout).person else self.for_programs


class Rows(_Formats, Lister):
    """A command that lists rows."""

    #: What a person is told when there are none.
    empty = "There is nothing to show."

    def _load_formatter_plugins(self) -> ExtensionManager[ListFormatter]:
        manager = super()._load_formatter_plugins()
        return _with(manager, table=Table(self), jsonl=JsonLines())

    def produce_output(
        self, parsed_args: argparse.Namespace, column_names: Sequence[str], data: Iterable[Any]
    ) -> int:
        if parsed_args.columns:
            # cliff would show them in the order that they have here, not as they were asked for.
            order = columns_of(parsed_args.columns, column_names)
            places = [list(column_names).index(name) for name in order]
            column_names, data = order, [[row[at] for at in places] for row in data]
        status: int = super().produce_output(parsed_args, column_names, data)
        return status


class One(_Formats, ShowOne):
    """A command that shows one thing, field by field."""

    empty = ""

    def produce_output(
        self, parsed_args: argparse.Namespace, column_names: Sequence[str], data: Sequence[Any]
    ) -> int:
        columns_of(parsed_args.columns, column_names)
        status: int = super().produce_output(parsed_args, column_names, data)
        return status

    def _load_formatter_plugins(self) -> ExtensionManager[SingleFormatter]:
        return _with(super()._load_formatter_plugins(), table=Table(self))


def columns_of(asked: Iterable[str], known: Sequence[str]) -> list[str]:
    """The columns that were asked for, whatever their letters' case, as cliff has it.
    `errors.BadRequest` for one that there is not."""
    alike = {name.lower().replace(" ", "_"): name for name in reversed(known)}
    found = []
    for name in asked:
        column = alike.get(name.lower().strip().replace(" ", "_"))
        if column is None:
            meant = close_to(name, known)
            hint = f"did you mean {meant}?" if meant else f"there are: {', '.join(known)}"
            raise errors.BadRequest(f"there is no column {name}; {hint}")
        found.append(column)
    return list(dict.fromkeys(found))


def _with(manager: ExtensionManager[Any], **formats: Any) -> ExtensionManager[Any]:
    """cliff finds formats by entry points, which would give ours to every other program."""
    kept = [extension for extension in manager.extensions if extension.name not in formats]
    for name, made in formats.items():
        point = EntryPoint(name, f"{__name__}:{type(made).__name__}", "cliff.formatter")
        kept.append(Extension(name, point, type(made), made))
    manager.extensions[:] = kept
    return manager
