# SPDX-License-Identifier: Apache-2.0
"""Whether the source of a stream works: said once when it fails, once when it is back."""

import threading

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.sampling.stream import StreamSampler

LOG = logging.getLogger(__name__)


class Conditions:
    """What fails of one stream, by kind of poll; in the ledger for everybody to see."""

    def __init__(self, sampler: StreamSampler) -> None:
        self._sampler = sampler
        self._lock = threading.Lock()
        self._failing: dict[str, str] = {}
        self._said: set[str] = set()
        self._recorded: str | None = "not known yet"

    def failing(self, kind: str, message: str, *, say: bool = True) -> None:
        """This kind of poll fails. `say`: in the log, too."""
        with self._lock:
            if say and kind not in self._said:
                self._said.add(kind)
                LOG.warning("%s: %s fails: %s", self._sampler.key, kind, message)
            self._failing[kind] = message
            self._record()

    def working(self, kind: str) -> None:
        """This kind of poll succeeded."""
        with self._lock:
            self._failing.pop(kind, None)
            if kind in self._said:
                self._said.remove(kind)
                LOG.info("%s: %s works again", self._sampler.key, kind)
            self._record()

    def _record(self) -> None:
        message = "; ".join(f"{kind}: {text}" for kind, text in sorted(self._failing.items()))
        if (message or None) == self._recorded:
            return
        try:
            self._sampler.ledger.set_condition(self._sampler.id, message or None)
        except errors.SynchronizerError as error:
            # Tried again with the next poll, whose thread must not end for it; the failure
            # itself is in the log, and a ledger that is lost for good ends the polls.
            LOG.debug("%s: the condition could not be recorded: %s", self._sampler.key, error)
        else:
            self._recorded = message or None
