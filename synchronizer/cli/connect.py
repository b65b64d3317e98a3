# SPDX-License-Identifier: Apache-2.0
"""From the global options to a client, or to the ledger."""

import argparse
import os

from synchronizer import errors
from synchronizer.client import Client
from synchronizer.conf import Settings, load

ENVIRONMENT = "SYNCHRONIZER_TRANSPORT_URL"


def client(options: argparse.Namespace) -> Client:
    """A client of the bus that is meant: by the option, the environment, the configuration."""
    url = options.transport_url or os.environ.get(ENVIRONMENT)
    notifications = None
    if not url:
        settings = configuration(options)
        url, notifications = settings.transport_url, settings.notification_transport_url
    return Client(
        url,
        notification_transport_url=notifications,
        cloud=options.cloud,
        timeout=options.timeout,
    )


def configuration(options: argparse.Namespace) -> Settings:
    """The daemon's configuration."""
    return load(options.config_file)


def needs_daemon(error: ImportError) -> errors.BadConfiguration:
    """What to say where the daemon's parts are missing."""
    return errors.BadConfiguration(
        f"this works on the daemon's host: its parts are not installed here ({error.name}); "
        "install Synchronizer with its extra [daemon]"
    )
