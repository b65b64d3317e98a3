# SPDX-License-Identifier: Apache-2.0
"""From a service's notifications to hints, with the help of its plugin."""

import traceback
from collections.abc import Callable
from typing import Any

from oslo_log import log as logging

from synchronizer.plugin import HearsNotifications, Hint, Plugin

LOG = logging.getLogger(__name__)

#: Kinds of events whose failure is told, and characters of their names that are.
_MOST_TOLD = 100
_MOST_SHOWN = 100


class Notified:
    """Hands the hints of each notification to `on_hint`. Nothing of what it carries beside its
    event type is ever logged, nor are texts of errors that may quote it."""

    def __init__(self, plugin: Plugin, on_hint: Callable[[Hint], None]) -> None:
        self._plugin = plugin
        self._on_hint = on_hint
        self._told: set[str] = set()

    def __call__(self, event_type: str, payload: Any) -> None:
        """Called for each notification; never raises for what the plugin makes of it."""
        if not isinstance(self._plugin, HearsNotifications):
            return
        try:
            hints = list(self._plugin.on_notification(event_type, payload))
        except Exception as error:
            self._tell(event_type, error)
            return
        for hint in hints:
            self._on_hint(hint)

    def _tell(self, event_type: str, error: Exception) -> None:
        if event_type in self._told or len(self._told) >= _MOST_TOLD:
            return
        self._told.add(event_type)
        frames = traceback.extract_tb(error.__traceback__)
        LOG.warning(
            "%s/%s: notifications %r are not understood: %s in %s, line %s",
            *(self._plugin.context.cloud, self._plugin.service, event_type[:_MOST_SHOWN]),
            *(type(error).__name__, frames[-1].filename, frames[-1].lineno),
        )
