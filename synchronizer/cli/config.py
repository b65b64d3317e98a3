# SPDX-License-Identifier: Apache-2.0
"""`synchronizer config sample` and `config check`."""

import argparse

from cliff.command import Command
from oslo_config import cfg, generator

from synchronizer.cli import terminal
from synchronizer.cli.connect import needs_daemon
from synchronizer.cli.helping import Written
from synchronizer.cli.progress import Progress
from synchronizer.conf.exposed import exposed


class ConfigSample(Written, Command):
    """Print a configuration with every option and its meaning.

    Example: synchronizer config sample > synchronizer.conf
    """

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        conf = cfg.ConfigOpts()
        generator.register_cli_opts(conf)
        conf(["--namespace", "synchronizer", "--wrap-width", "79"], default_config_files=[])
        generator.generate(conf, output_file=self.app.stdout)


class ConfigCheck(Written, Command):
    """Check the configuration, and connect to all that it names.

    A line each for the clouds, the directories, the ledger, the bus and every
    plugin and entity type of every cloud; the exit status is 1 if one of them fails.

    Examples: synchronizer config check
              synchronizer config check --offline --config-file synchronizer.conf
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument("--offline", action="store_true", help="connect to nothing")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        try:
            from synchronizer.daemon.check import check
            from synchronizer.daemon.main import read
        except ImportError as error:
            raise needs_daemon(error) from None
        conf = cfg.ConfigOpts()
        settings = read(self.app.options.config_file, conf)
        failed = 0
        out = terminal.of(self.app)
        progress = Progress(terminal.of(self.app, self.app.stderr))
        findings = check(settings, offline=parsed_args.offline, exposed=exposed(conf))
        while True:
            with progress.ticking("checking"):
                finding = next(findings, None)
            if finding is None:
                return 1 if failed else 0
            if finding.advice is not None:
                out.line(f"{out.styled('note', 'warn')}  {finding.what}\n      {finding.advice}")
            elif finding.problem is None:
                out.line(f"{out.styled('ok', 'good')}    {finding.what}")
            else:
                failed += 1
                out.line(f"{out.styled('FAIL', 'bad')}  {finding.what}\n      {finding.problem}")
