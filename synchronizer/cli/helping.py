# SPDX-License-Identifier: Apache-2.0
"""Help as it is written: a command's docstring keeps its lines, so that examples can be read;
and what is wrong is said in one line, with the way out."""

import argparse
import difflib
import functools
import inspect
import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NoReturn

from cliff.command import Command

from synchronizer import errors

#: Columns of help: it fits a terminal of 80.
WIDTH = 79

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
        refuse_in_a_line(parser)
        return parser

    def run(self, parsed_args: argparse.Namespace) -> Any:
        try:
            return super().run(parsed_args)
        except errors.UnknownType as error:
            given = [getattr(parsed_args, "type", ""), *getattr(parsed_args, "types", ())]
            raise with_suggestion(error, given) from None
        except errors.UnknownCloud as error:
            raise with_suggestion(error, [self.app.options.cloud]) from None


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Raw, and not wider than a screen; how a command is used takes one line."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=WIDTH, max_help_position=26)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        """Paragraphs are filled; examples stay as they are."""
        return "\n\n".join(
            part if part.startswith("Example") else textwrap.fill(part, WIDTH)
            for part in text.split("\n\n")
        )

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[Any],
        prefix: str | None = None,
    ) -> None:
        if usage is None:
            words = [
                self._format_args(action, self._get_default_metavar_for_positional(action))
                for action in actions
                if not action.option_strings
            ]
            usage = " ".join(["%(prog)s [options]", *words])
        super().add_usage(usage, (), (), prefix)


def refuse_in_a_line(parser: argparse.ArgumentParser) -> None:
    """A wrong command line is not told below ten lines of what could be right."""
    parser.error = functools.partial(_refuse, parser)  # type: ignore[method-assign]


def close_to(word: str, known: Iterable[str]) -> str | None:
    """The one of the known words that was probably meant."""
    return next(iter(difflib.get_close_matches(word, list(known), n=1)), None)


def with_suggestion(error: errors.Skip, given: Iterable[str | None]) -> errors.Skip:
    """The error about one of the given names, with the one that was probably meant instead of
    all that there are."""
    known = error.kwargs.get("known") or ()
    for name in given:
        if name and name not in known and (meant := close_to(name, known)):
            what, _, _ = error.message.partition("; ")
            return type(error)(f"{what}; did you mean {meant}?", **error.kwargs)
    return error


def _refuse(parser: argparse.ArgumentParser, message: str) -> NoReturn:
    parser.exit(2, f"{parser.prog}: {message}; see {parser.prog} --help\n")
