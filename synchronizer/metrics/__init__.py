# SPDX-License-Identifier: Apache-2.0
"""What Prometheus is told: one page for all processes of the daemon.

Every metric is declared in `catalogue`. Processes count in memory that they share
(`numbers`, `recorder`); what the ledger knows is read from it when the page is asked for
(`streams`), and what the kernel knows from /proc (`processes`). `page` puts these together.

Nothing else counts here: the packages that do the work take plain hooks, and the daemon
ties these to a `Recorder`. This package serves no HTTP and writes no file.
"""

from synchronizer.metrics import catalogue
from synchronizer.metrics.numbers import Numbers
from synchronizer.metrics.page import Page
from synchronizer.metrics.recorder import Recorder

__all__ = ["Numbers", "Page", "Recorder", "catalogue"]
