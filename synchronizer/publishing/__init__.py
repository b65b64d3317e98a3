# SPDX-License-Identifier: Apache-2.0
"""The relay: publishes what the ledger has recorded, in revision order.

It reads committed rows and moves `published`; it never samples, never answers a call
and decides nothing about an entity. Commit comes before publish and publish before
mark, so a kill at any instruction loses no revision and repeats at most the unmarked.
"""

from synchronizer.publishing.relay import Relay

__all__ = ["Relay"]
