# SPDX-License-Identifier: Apache-2.0
"""From how a type is configured to how it is sampled."""

from synchronizer.conf import Settings
from synchronizer.sampling import TypeSettings


def sampling_of(settings: Settings, cloud: str, type_: str) -> TypeSettings:
    """What samples one type of one cloud, in whichever process, goes by this."""
    configured = settings.of_type(cloud, type_)
    return TypeSettings(
        interval=configured.interval,
        changes_interval=configured.changes_interval or None,
        settle=configured.settle,
        confirm_rate=configured.confirm_rate,
        hint_rate=configured.hint_rate,
        new_content_rate=configured.new_content_rate,
        volatile=frozenset(configured.volatile),
        sensitive=frozenset(configured.sensitive),
    )
