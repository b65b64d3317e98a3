# SPDX-License-Identifier: Apache-2.0
"""Items of a stream that cannot be read, each told once."""

from collections.abc import Sequence

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.model import StreamKey

LOG = logging.getLogger(__name__)

_MOST = 1000


class BadItems:
    """Those of one stream."""

    def __init__(self, key: StreamKey) -> None:
        self._key = key
        self._told: set[str] = set()

    def tell(self, bad: Sequence[errors.BadItem]) -> None:
        """Logs those that were not told yet."""
        for item in bad:
            text = str(item)
            if text not in self._told and len(self._told) < _MOST:
                self._told.add(text)
                LOG.warning("%s: an item is left out: %s", self._key, text)
