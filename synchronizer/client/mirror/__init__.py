# SPDX-License-Identifier: Apache-2.0
"""A live copy of entity types, for all threads of a program.

    with Mirror(client, ["nova.server"], indexes={"host": host_of}) as mirror:
        mirror.wait_synced(60)
        mirror.get("nova.server", "9f1c2e0a-5b1d-4f6e-8a53-0c7d2b9e4f11")
        mirror.by("host", "compute1")

It is built on a watch, and promises what that promises, in place: what is served is the
stream as of one revision, and stays so through outages, with a word on how old it is. It
never asks the server anything by itself, never writes anything, and never lets anybody
else's thread, or what that does with an entity, change what it holds.
"""

from synchronizer.client.mirror.handlers import Handlers
from synchronizer.client.mirror.mirror import Mirror
from synchronizer.client.mirror.staleness import Staleness

__all__ = ["Handlers", "Mirror", "Staleness"]
