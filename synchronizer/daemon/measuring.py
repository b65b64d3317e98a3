# SPDX-License-Identifier: Apache-2.0
"""The page of metrics, from the settings."""

from collections.abc import Mapping

from synchronizer.conf import Settings
from synchronizer.daemon.ondemand import ConfiguredSources
from synchronizer.metrics import Numbers, Page
from synchronizer.model import StreamKey
from synchronizer.plugin.loader import available
from synchronizer.vitals import Board


def make_page(settings: Settings, numbers: Numbers, board: Board) -> Page:
    """Made in the process that shows it; to be closed."""
    intervals = configured(settings)
    return Page(numbers, settings.ledger.url, intervals=lambda: intervals, processes=board.all)


def configured(settings: Settings) -> Mapping[StreamKey, float]:
    """The streams that this daemon is to sample, with the seconds between their listings."""
    sources = ConfiguredSources(settings, available())
    return {key: settings.of_type(key.cloud, key.type).interval for key in sources.streams}
