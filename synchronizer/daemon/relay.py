# SPDX-License-Identifier: Apache-2.0
"""The process that publishes what was committed, and keeps the ledger in order."""

import contextlib

from synchronizer.daemon.resources import make_notifier, open_ledger
from synchronizer.daemon.service import Part, PartService
from synchronizer.keeping.housekeeping import Housekeeping
from synchronizer.metrics.hooks import CountedSend
from synchronizer.publishing import Relay


class RelayPart:
    """The relay and the housekeeping, over one ledger."""

    def __init__(self, resources: contextlib.ExitStack, relay: Relay, keeper: Housekeeping) -> None:
        self._resources = resources
        self._relay = relay
        self._keeper = keeper

    def run(self) -> None:
        with self._resources:
            self._keeper.start()
            try:
                self._relay.run()
            finally:
                self._keeper.stop()

    def stop(self) -> None:
        self._relay.stop()


class RelayService(PartService):
    name = "relay"

    def make(self) -> Part:
        settings = self.settings
        with contextlib.ExitStack() as making:
            ledger = open_ledger(settings, making)
            notifier = make_notifier(settings, making)
            relay = Relay(
                ledger,
                ledger.high_water,
                CountedSend(self.recorder, notifier.send),
                max_changes=settings.relay.max_changes,
                max_bytes=settings.relay.max_bytes,
                bookmark_interval=settings.relay.bookmark_interval,
                deadline=settings.relay.deadline,
                poll=settings.relay.poll,
                longest_poll=2 * settings.relay.poll,
                pulse=self.heart,
            )
            keeper = Housekeeping(
                ledger,
                retention=settings.ledger.retention,
                compact_interval=settings.ledger.compact_interval,
                verify_interval=settings.ledger.verify_interval,
                pulse=self.heart,
            )
            return RelayPart(making.pop_all(), relay, keeper)
