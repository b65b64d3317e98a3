# SPDX-License-Identifier: Apache-2.0
"""Items of a stream that cannot be read: each counted once, some of them told."""

from collections.abc import Sequence

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.model import StreamKey

LOG = logging.getLogger(__name__)

_MOST = 1000
_SHOWN = 3


class BadItems:
    """Those of one stream."""

    def __init__(self, key: StreamKey) -> None:
        self._key = key
        self._told: set[str] = set()

    def tell(self, bad: Sequence[errors.BadItem]) -> None:
        """Logs, in a line for all of them, those of a page that were not told yet."""
        new = list(dict.fromkeys(str(item) for item in bad if str(item) not in self._told))
        new = new[: _MOST - len(self._told)]
        if new:
            self._told.update(new)
            more = f" and {len(new) - _SHOWN} more" if len(new) > _SHOWN else ""
            LOG.warning("%s: left out: %s%s", self._key, "; ".join(new[:_SHOWN]), more)
