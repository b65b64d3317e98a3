# SPDX-License-Identifier: Apache-2.0
"""Listens on the bus of the services that are sampled, where they tell of changes.

It takes nothing away from others who listen there: it has a queue of its own beside
theirs, bounded, and gone with the connection. It declares no exchange: those belong to
the services. What a message says is handed on as it is, and neither kept nor logged: it
may hold passwords.

This package never samples, knows no plugin, and nothing waits for it: where a bus is away
or wrong it says so, once, and tries on.
"""

from synchronizer.hearing.listener import Listener, probe
from synchronizer.hearing.queue import Channel

__all__ = ["Channel", "Listener", "probe"]
