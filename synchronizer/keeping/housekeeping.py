# SPDX-License-Identifier: Apache-2.0
"""A thread that keeps the ledger in order: retention, and the digests proven by a scan."""

import threading
import time
from collections.abc import Callable

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.keeping.compacting import compact
from synchronizer.ledger import Ledger, StreamState
from synchronizer.vitals import NO_PULSE, STEP, Pulse

LOG = logging.getLogger(__name__)

#: Seconds to read one entity's fingerprint, at the very most.
PROVING_ONE = 0.002


class Housekeeping:
    """Compacts every `compact_interval`, verifies every `verify_interval` seconds and at once.

    `retention`: seconds. `now`: the time by which versions were committed, in seconds
    since 1970. `pulse` is told of progress.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        retention: float,
        compact_interval: float,
        verify_interval: float,
        now: Callable[[], float] = time.time,
        pulse: Pulse = NO_PULSE,
    ) -> None:
        self._pulse = pulse
        self._ledger = ledger
        self._retention = retention
        self._compact_interval = compact_interval
        self._verify_interval = verify_interval
        self._now = now
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(timeout=10)

    def keep(self, *, verify: bool) -> bool:
        """All streams once; False when they could not be read."""
        try:
            states = self._ledger.streams()
        except errors.SynchronizerError as error:
            LOG.warning("Housekeeping tries again later: %s", error)
            return False
        for state in states:
            if not self._stopping.is_set():
                self._keep(state, verify=verify)
        return True

    def _run(self) -> None:
        verified = None
        self._pulse.expect()
        while not self._stopping.is_set():
            due = verified is None or time.monotonic() - verified >= self._verify_interval
            if due:
                verified = time.monotonic()
            if not self.keep(verify=due):
                verified = None
            self._pulse.expect(self._compact_interval, "waits")
            self._stopping.wait(self._compact_interval)
        # Not of a thread that a fault ended: it is missed.
        self._pulse.rest()

    def _keep(self, state: StreamState, *, verify: bool) -> None:
        """One stream; its troubles are not the others'."""
        try:
            if verify:
                self._pulse.expect(STEP + state.count * PROVING_ONE, f"proves {state.key}")
                self._verify(state)
            self._compact(state)
        except errors.SynchronizerError as error:
            LOG.warning("%s: housekeeping tries again later: %s", state.key, error)
        except Exception:
            LOG.exception("%s: housekeeping tries again later", state.key)

    def _verify(self, state: StreamState) -> None:
        self._ledger.verify_digest(state.id)

    def _compact(self, state: StreamState) -> None:
        older_than = int((self._now() - self._retention) * 1_000_000)
        total = compact(self._ledger, state.id, older_than, self._stopping, self._pulse)
        if total:
            LOG.debug("%s: %d old versions removed", state.key, total)
