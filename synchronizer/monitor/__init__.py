# SPDX-License-Identifier: Apache-2.0
"""Watches over the processes of a daemon, and tells others how they are.

Reads vital signs; ends a process that makes no progress, so that its master starts it
again; answers questions for health over HTTP; and keeps systemd informed. It never touches
a service, a bus or a database, and knows no configuration: what it watches can harm it in
no way.
"""

from synchronizer.monitor.monitor import Monitor
from synchronizer.monitor.server import Metrics, parse_address
from synchronizer.monitor.systemd import Systemd

__all__ = ["Metrics", "Monitor", "Systemd", "parse_address"]
