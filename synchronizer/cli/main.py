# SPDX-License-Identifier: Apache-2.0
"""`synchronizer`: the options that all commands have, and how commands end.

Exit status: 0 done; 1 it could not be done (of `status`: something needs a look); 2 the
command line is wrong; 3 not now (nobody answers, the bus or a service is away: the same may
work later); 130 interrupted by Ctrl-C; 141 whoever read the output went away.
"""

import argparse
import importlib.metadata
import io
import logging
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any

from cliff.app import App
from cliff.command import Command
from cliff.commandmanager import CommandManager
from cliff.help import HelpCommand

from synchronizer import __version__, errors
from synchronizer.cli import helping, terminal
from synchronizer.cli.numbers import positive

USAGE = 2
UNAVAILABLE = 3
#: cliff's own.
INTERRUPTED = 130
CLOSED_PIPE = 141

DESCRIPTION = """\
Knows, at every moment, what a cloud contains, and tells what changed.

Examples: synchronizer demo
          synchronizer status
          synchronizer get-all nova.server --where status=ERROR
          synchronizer watch nova.server
          synchronizer help watch

Exit status: 0 done, 1 not possible, 2 wrong usage, 3 not now (nobody answers),
130 interrupted, 141 whoever read the output went away."""


class Help(helping.Written, HelpCommand):
    """Show how a command is used, with examples.

    Example: synchronizer help held confirm
    """


class Commands(CommandManager):
    """The commands by their entry points, imported when they are called."""

    def load_commands(self, namespace: str) -> None:
        self.group_list.append(namespace)
        for point in importlib.metadata.entry_points(group=namespace):
            self.commands[point.name] = point
        super().add_command("help", Help)

    def add_command(self, name: str, command_class: type[Command]) -> None:
        """cliff's own commands, but for those that we have ourselves."""
        if name not in self.commands:
            super().add_command(name, command_class)

    def find_command(self, argv: list[str]) -> tuple[type[Command], str, list[str]]:
        try:
            return super().find_command(argv)
        except ModuleNotFoundError as error:
            raise errors.BadConfiguration(
                f"the command cannot be used here: {error.name} is not installed"
            ) from error


class Synchronizer(App):
    """The application."""

    NAME = "synchronizer"
    LOG = logging.getLogger("synchronizer.cli")

    def __init__(self, **streams: Any) -> None:
        super().__init__(
            description=DESCRIPTION,
            version=__version__,
            command_manager=Commands("synchronizer.commands"),
            deferred_help=True,
            **streams,
        )
        self._status: int | None = None

    def build_option_parser(
        self,
        description: str | None,
        version: str | None,
        argparse_kwargs: dict[str, Any] | None = None,
    ) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().build_option_parser(
            description, version, argparse_kwargs
        )
        parser.add_argument(
            "--config-file",
            action="append",
            metavar="PATH",
            help="configuration of the daemon; may be repeated (default: where oslo.config looks)",
        )
        parser.add_argument(
            "--transport-url",
            metavar="URL",
            help="the daemon's bus (default: SYNCHRONIZER_TRANSPORT_URL, then the configuration)",
        )
        parser.add_argument(
            "--notification-transport-url",
            metavar="URL",
            help="the bus for notifications, if another one (default: "
            "SYNCHRONIZER_NOTIFICATION_TRANSPORT_URL, then as for --transport-url)",
        )
        parser.add_argument("--cloud", help="the cloud that is meant, where there are several")
        parser.add_argument(
            "--timeout",
            type=positive,
            default=30.0,
            metavar="SECONDS",
            help="how long to wait for an answer (default: 30)",
        )
        parser.add_argument(
            "--color",
            choices=terminal.CHOICES,
            default="auto",
            metavar="WHEN",
            help="colours: auto (at a terminal, unless NO_COLOR is set), always or never",
        )
        parser.prog = self.NAME
        parser.formatter_class = helping.Formatter
        parser.usage = "%(prog)s [options] COMMAND ..."
        helping.refuse_in_a_line(parser)
        return parser

    def configure_logging(self) -> None:
        """What libraries log is shown with --debug only."""
        debug = self.options.debug
        own = {0: logging.ERROR, 1: logging.WARNING, 2: logging.INFO}.get(
            self.options.verbose_level, logging.DEBUG
        )
        console = logging.StreamHandler(self.stderr)
        console.setFormatter(logging.Formatter("%(name)s: %(message)s"))
        if not debug:
            console.setFormatter(logging.Formatter(f"{self.NAME}: %(message)s"))
            console.setLevel(own)
            console.addFilter(logging.Filter("synchronizer"))
            if self.options.verbose_level < 2:
                # What the bus tells of its troubles, the command's error tells, too.
                console.addFilter(lambda record: not record.name.startswith("synchronizer.bus"))
        handlers: list[logging.Handler] = [console]
        if self.options.log_file:
            file = logging.FileHandler(self.options.log_file)
            file.setFormatter(logging.Formatter(self.LOG_FILE_MESSAGE_FORMAT))
            handlers.append(file)
        logging.basicConfig(
            level=logging.DEBUG if debug else min(own, logging.INFO), handlers=handlers, force=True
        )

    def run(self, argv: Sequence[str]) -> int:
        self._status = None
        result: int = super().run(list(argv))
        return result if self._status is None else self._status

    def run_subcommand(self, argv: list[str]) -> int:
        try:
            self.command_manager.find_command(argv)
        except ValueError:
            self.LOG.error(self._no_such(argv))
            return USAGE
        except errors.SynchronizerError as error:
            self.LOG.error(error, exc_info=self.options.debug)
            return 1
        result: int = super().run_subcommand(argv)
        return result

    def _no_such(self, argv: Sequence[str]) -> str:
        """What is said of a command that there is none."""
        names = sorted(name for name, _ in self.command_manager)
        if group := [name for name in names if name.startswith(f"{argv[0]} ")]:
            return f"'{argv[0]}' takes one more word: {', '.join(group)}"
        meant = helping.close_to(" ".join(argv[:2]), names) or helping.close_to(argv[0], names)
        hint = f"did you mean {meant}? See" if meant else "see"
        return f"'{argv[0]}' is not a command; {hint} {self.NAME} --help"

    def interact(self) -> None:
        """Without a command: help, and a status that says that one is missing."""
        self.run_subcommand(["help"])
        self._status = USAGE

    def clean_up(self, cmd: Command, result: int, err: BaseException | None) -> None:
        if isinstance(err, Exception):
            self._status = status_of(err)


def status_of(error: Exception) -> int:
    """The exit status that an error leads to."""
    if isinstance(error, BrokenPipeError):
        return CLOSED_PIPE
    return UNAVAILABLE if isinstance(error, errors.Retry) else 1


def main(argv: Sequence[str] | None = None) -> int:
    """The console script."""
    arguments = sys.argv[1:] if argv is None else argv
    if "--debug" not in arguments:
        warnings.simplefilter("ignore")  # those of libraries, to their developers
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # What a terminal cannot show must not end a command.
            stream.reconfigure(errors="replace")
    status = Synchronizer().run(arguments)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # The interpreter flushes again when it ends, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return status or CLOSED_PIPE
    return status
