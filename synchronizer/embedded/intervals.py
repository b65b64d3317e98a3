# SPDX-License-Identifier: Apache-2.0
"""How often to sample, from what a caller says."""

from synchronizer import errors
from synchronizer.sampling import TypeSettings

#: Seconds between listings that a `max_age` asks for: there is nobody else who asks.
EARLY_GAP = 1.0


def settings(
    interval: float, changes_interval: float | None, settle: float, confirm_rate: float
) -> TypeSettings:
    """As the sampler takes them. `errors.BadConfiguration` for what makes no sense."""
    for name, value in (("interval", interval), ("confirm_rate", confirm_rate)):
        if value <= 0:
            raise errors.BadConfiguration(f"{name} must be above 0, not {value}")
    for name, value in (("changes_interval", changes_interval or 0.0), ("settle", settle)):
        if value < 0:
            raise errors.BadConfiguration(f"{name} must not be below 0, but is {value}")
    return TypeSettings(
        interval=interval,
        changes_interval=changes_interval or None,
        settle=settle,
        confirm_rate=confirm_rate,
        early_gap=EARLY_GAP,
    )
