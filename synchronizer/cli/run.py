# SPDX-License-Identifier: Apache-2.0
"""`synchronizer run`: the daemon, in the foreground."""

import argparse
import logging
import os
import sys
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
        status = main(self.app.options.config_file)
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        # Nothing is left to be done. To take the interpreter apart would cost as much time as
        # ending all processes did, and on a busy machine seconds.
        os._exit(status)
