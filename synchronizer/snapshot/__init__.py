# SPDX-License-Identifier: Apache-2.0
"""The snapshot server: answers get all, changes, get, digests, roster,
history, describe and barrier.

It reads what was committed and never samples: a listing that a caller wants is left to
who can list. Of the ledger it changes nothing, save that it begins a new epoch when a
consumer proves that the ledger has lost revisions, and asks the worker for a listing.
It knows no transport: its endpoint is handed to whoever serves calls, and what it says
on the bus (a barrier's bookmark) goes through a function that it is given.
"""

from synchronizer.snapshot.endpoint import Endpoint
from synchronizer.snapshot.freshness import InVain, Lister

__all__ = ["Endpoint", "InVain", "Lister"]
