# SPDX-License-Identifier: Apache-2.0
"""A thread that keeps the ledger in order: retention, and the digests proven by a scan."""

import threading
import time

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.ledger import Ledger

LOG = logging.getLogger(__name__)


class Housekeeping:
    """Compacts every `compact_interval`, verifies every `verify_interval` seconds and at once."""

    def __init__(
        self, ledger: Ledger, *, retention: float, compact_interval: float, verify_interval: float
    ) -> None:
        self._ledger = ledger
        self._retention = retention
        self._compact_interval = compact_interval
        self._verify_interval = verify_interval
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        verified = None
        while not self._stopping.is_set():
            try:
                if verified is None or time.monotonic() - verified >= self._verify_interval:
                    self._verify()
                    verified = time.monotonic()
                self._compact()
            except errors.SynchronizerError as error:
                LOG.warning("Housekeeping tries again later: %s", error)
            except Exception:
                LOG.exception("Housekeeping tries again later")
            self._stopping.wait(self._compact_interval)

    def _verify(self) -> None:
        for state in self._ledger.streams():
            if not self._stopping.is_set():
                self._ledger.verify_digest(state.id)

    def _compact(self) -> None:
        older_than = int((time.time() - self._retention) * 1_000_000)
        for state in self._ledger.streams():
            removed = total = self._ledger.compact(state.id, older_than)
            while removed and not self._stopping.is_set():
                removed = self._ledger.compact(state.id, older_than)
                total += removed
            if total:
                LOG.info("%s: %d old versions removed", state.key, total)
