# SPDX-License-Identifier: Apache-2.0
"""From the global options to a client, or to the ledger."""

import argparse
import dataclasses
import os
from collections.abc import Mapping

from synchronizer import errors
from synchronizer.client import Client
from synchronizer.conf import Settings, load

ENVIRONMENT = "SYNCHRONIZER_TRANSPORT_URL"
NOTIFICATION_ENVIRONMENT = "SYNCHRONIZER_NOTIFICATION_TRANSPORT_URL"


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where the daemon's buses are. `rabbit_options`: see `Client`."""

    url: str
    notification_url: str
    rabbit_options: Mapping[str, str] | None


def place(options: argparse.Namespace) -> Place:
    """The buses that are meant: by the options, the environment, the configuration."""
    url = options.transport_url or os.environ.get(ENVIRONMENT)
    notifications = options.notification_transport_url or os.environ.get(NOTIFICATION_ENVIRONMENT)
    rabbit_options = None
    if not url:
        # Whoever reads the bus need not be allowed to read the ledger's password.
        settings = load(options.config_file, buses_only=True)
        url = settings.transport_url
        notifications = notifications or settings.notification_transport_url
        rabbit_options = settings.rabbit_options
    return Place(url, notifications or url, rabbit_options)


def client(options: argparse.Namespace) -> Client:
    """A client of the bus that is meant."""
    where = place(options)
    return Client(
        where.url,
        notification_transport_url=where.notification_url,
        rabbit_options=where.rabbit_options,
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
