# SPDX-License-Identifier: Apache-2.0
"""The ledger: the one record of what every stream contained, and when.

It keeps streams and their versions in a database (baseline, change log, outbox and
history in one table), numbers what is committed, and answers consistent reads. It
refuses a commit by anybody who has not seen the stream's last revision.

It never samples, never publishes, never looks into an entity beyond naming the
fields that changed, and decides nothing about evidence.
"""

from synchronizer.ledger.highwater import HighWater
from synchronizer.ledger.ledger import Ledger
from synchronizer.ledger.listings import Listings
from synchronizer.ledger.measuring import OnCommit, tell_nobody
from synchronizer.ledger.overview import StreamOverview, Watcher
from synchronizer.ledger.rules import NewRules
from synchronizer.ledger.values import (
    Activity,
    Bucket,
    Changes,
    Condition,
    History,
    Hold,
    ListingState,
    Live,
    RosterEntry,
    RosterPage,
    SnapshotItem,
    SnapshotPage,
    StreamState,
    TailEntry,
    Verdict,
    Version,
    Write,
)

__all__ = [
    "Activity",
    "Bucket",
    "Changes",
    "Condition",
    "HighWater",
    "History",
    "Hold",
    "Ledger",
    "ListingState",
    "Listings",
    "Live",
    "NewRules",
    "OnCommit",
    "RosterEntry",
    "RosterPage",
    "SnapshotItem",
    "SnapshotPage",
    "StreamOverview",
    "StreamState",
    "TailEntry",
    "Verdict",
    "Version",
    "Watcher",
    "Write",
    "tell_nobody",
]
