# SPDX-License-Identifier: Apache-2.0
"""Around what is asked of a plugin: what it is for, what it costs, and that it goes on."""

import contextlib
from collections.abc import Iterator

from synchronizer.plugin import Plugin
from synchronizer.plugin.budget import Meter, Purpose, metered
from synchronizer.vitals import Pulse


class Asking:
    """Of one plugin. Threads share it."""

    def __init__(self, plugin: Plugin, pulse: Pulse) -> None:
        self._plugin = plugin
        self._pulse = pulse
        self._words = f"asks {plugin.service}"

    @contextlib.contextmanager
    def __call__(self, purpose: Purpose = Purpose.LOOK) -> Iterator[Meter]:
        self._asks()
        try:
            with metered(purpose, self._waits, self._asks) as meter:
                yield meter
        finally:
            self._pulse.expect()

    def _asks(self) -> None:
        self._pulse.expect(self._plugin.patience, self._words)

    def _waits(self) -> None:
        self._pulse.expect(doing=f"waits until it {self._words}")
