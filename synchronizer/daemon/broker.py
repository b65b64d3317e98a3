# SPDX-License-Identifier: Apache-2.0
"""The process of the embedded broker, for `local://`."""

from synchronizer import errors
from synchronizer.bus.local.broker import Broker
from synchronizer.bus.local.limits import Limits
from synchronizer.daemon.service import Part, PartService


class BrokerService(PartService):
    name = "broker"
    # The broker of a daemon that was just killed may hold the path for an instant yet.
    stop_seconds = 1.0

    def make(self) -> Part:
        path = self.settings.local_socket
        if path is None:
            raise errors.BadConfiguration("no transport URL asks for the embedded broker")
        local = self.settings.local
        limits = Limits(queue_messages=local.max_messages, queue_bytes=local.max_bytes)
        return Broker(str(path), local.group, limits, self.heart)
