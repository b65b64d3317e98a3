# SPDX-License-Identifier: Apache-2.0
"""Synchronizer inside of another program: no daemon, no bus, no configuration file.

    with Embedded(["nova.server"], cloud="openstack1") as here, here.watch() as events:
        for event in events:
            ...

Sampler, ledger, relay and snapshot server are the daemon's own parts, and the consumer's
side is the client library's; between them, function calls stand in for the bus. So what
is told, and in which order, is what a consumer of a daemon is told.

It runs in threads of the process that made it, and never forks, never speaks on a bus,
never reads a configuration, never sets up logging, and leaves signals alone.
"""

from synchronizer.embedded.embedded import Embedded
from synchronizer.embedded.resumed import Resumed

__all__ = ["Embedded", "Resumed"]
