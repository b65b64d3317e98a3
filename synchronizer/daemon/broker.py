# SPDX-License-Identifier: Apache-2.0
"""The process of the embedded broker, for `local://`."""

from synchronizer import errors
from synchronizer.bus.local.broker import Broker
from synchronizer.daemon.service import Part, PartService


class BrokerService(PartService):
    name = "broker"

    def make(self) -> Part:
        path = self.settings.local_socket
        if path is None:
            raise errors.BadConfiguration("no transport URL asks for the embedded broker")
        local = self.settings.local
        return Broker(
            path, group=local.group, max_messages=local.max_messages, max_bytes=local.max_bytes
        )
