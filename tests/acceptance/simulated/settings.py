# SPDX-License-Identifier: Apache-2.0
"""The daemon's settings in these tests."""

from tests.support.simulated import MICROVERSION

#: Seconds for a copy to be made, or to become exact, on a busy machine.
PATIENCE = 60


def options(interval: float = 3.0, extra: str = "") -> str:
    """Listings each `interval` seconds, changes each second."""
    return f"""{extra}
[nova]
microversion = {MICROVERSION}
types = nova.server
requests_per_minute = 0
[sampling]
interval = {interval}
changes_interval = 1
[relay]
bookmark_interval = 2
"""
