# SPDX-License-Identifier: Apache-2.0
"""`synchronizer run`: the daemon, in the foreground."""

import argparse
from typing import Any

from cliff.command import Command

from synchronizer import errors
from synchronizer.cli.helping import Written


class Run(Written, Command):
    """Run the daemon in the foreground, until SIGTERM or Ctrl-C.

    Example: synchronizer run --config-file /etc/synchronizer/synchronizer.conf
    """

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        try:
            from synchronizer.daemon.main import main
        except ImportError as error:
            raise errors.BadConfiguration(
                f"the daemon's parts are not installed ({error.name}): "
                "install Synchronizer with its extra [openstack]"
            ) from None
        return main(self.app.options.config_file)
