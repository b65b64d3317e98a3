# SPDX-License-Identifier: Apache-2.0
"""`synchronizer demo`: see it work, with nothing but this machine."""

import argparse

from cliff.command import Command

from synchronizer import errors
from synchronizer.cli.helping import Written
from synchronizer.cli.numbers import positive, whole


class Demo(Written, Command):
    """Show the daemon at work, on a simulated cloud or on your own.

    It starts the simulated cloud, the daemon and a consumer that mirrors the cloud,
    in a temporary directory, and compares the copy with the truth at the end. The
    exit status is 1 if they differ.

    Examples: synchronizer demo
              synchronizer demo --seconds 20 --servers 5000 --churn 50 --json
              synchronizer demo --os-cloud mycloud
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument("--seconds", type=positive, help="end by itself after so many seconds")
        parser.add_argument(
            "--servers", type=whole, default=1000, help="simulated servers (default: 1000)"
        )
        parser.add_argument(
            "--churn", type=positive, default=10.0, help="changes per second (default: 10)"
        )
        parser.add_argument("--seed", type=whole, default=1, help="of the simulated cloud")
        parser.add_argument(
            "--json", action="store_true", help="no screen; print one JSON object at the end"
        )
        parser.add_argument(
            "--os-cloud", metavar="NAME", help="show this cloud of clouds.yaml instead"
        )
        parser.add_argument(
            "--break",
            dest="defect",
            choices=["drop-message"],
            help="withhold one notification and switch repair off, to see the check fail",
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        try:
            from synchronizer.demo.main import Options, play
        except ImportError as error:
            raise errors.BadConfiguration(
                f"the demonstration's parts are not installed ({error.name}): "
                "install Synchronizer with its extra [demo]"
            ) from None
        return play(
            Options(
                seconds=parsed_args.seconds,
                servers=parsed_args.servers,
                churn=parsed_args.churn,
                seed=parsed_args.seed,
                json=parsed_args.json,
                os_cloud=parsed_args.os_cloud,
                drop_message=parsed_args.defect == "drop-message",
            )
        )
