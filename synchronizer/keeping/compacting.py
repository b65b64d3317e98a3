# SPDX-License-Identifier: Apache-2.0
"""Compaction of a whole stream, in pieces: nobody waits long for the ledger."""

import threading
import time

from synchronizer.ledger import Ledger
from synchronizer.vitals import NO_PULSE, Pulse


def compact(
    ledger: Ledger,
    stream_id: int,
    older_than: int,
    stopping: threading.Event | None = None,
    pulse: Pulse = NO_PULSE,
) -> int:
    """Forgets what went out of use before an instant (microseconds); how many versions.

    Ends early when it is told to stop; tells `pulse` of each piece. Raises what every method
    of the ledger may raise.
    """
    told = stopping or threading.Event()
    total = 0
    while not told.is_set():
        pulse.expect(doing="compacts")
        began = time.monotonic()
        removed = ledger.compact(stream_id, older_than)
        if not removed:
            break
        total += removed
        # Others who want to write have their turn for as long.
        told.wait(time.monotonic() - began)
    return total
