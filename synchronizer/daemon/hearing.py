# SPDX-License-Identifier: Apache-2.0
"""Which notifications the worker of a plugin listens to, if any."""

import dataclasses
from collections.abc import Sequence

from synchronizer.conf import CloudSettings, PluginSettings
from synchronizer.hearing import Channel, Listener
from synchronizer.plugin import HearsNotifications, Plugin
from synchronizer.sampling import SamplingWorker
from synchronizer.vitals import NO_PULSE, Pulse

NONE = "none"


@dataclasses.dataclass(frozen=True, slots=True)
class ServicesBus:
    """Where the notifications of one plugin's service are."""

    name: str
    url: str = dataclasses.field(repr=False)  # holds a password
    channels: tuple[Channel, ...]

    def listener(self, worker: SamplingWorker, pulse: Pulse = NO_PULSE) -> Listener:
        """One that tells the worker; not started."""
        return Listener(
            self.name,
            self.url,
            self.channels,
            on_message=worker.notified,
            on_state=worker.hearing,
            pulse=pulse,
        )


def services_bus(
    cloud: CloudSettings, configured: PluginSettings, plugin: Plugin
) -> ServicesBus | None:
    """None where no bus is configured, or there is nothing to listen to."""
    channels = channels_of(configured, plugin)
    if not (cloud.notification_transport_url and channels):
        return None
    return ServicesBus(f"{cloud.name}/{plugin.service}", cloud.notification_transport_url, channels)


def channels_of(configured: PluginSettings, plugin: Plugin) -> tuple[Channel, ...]:
    if not isinstance(plugin, HearsNotifications):
        return ()
    named: Sequence[Sequence[str]] = plugin.channels
    if configured.notification_channels:
        named = [name.split("/", 1) for name in configured.notification_channels if name != NONE]
    return tuple(dict.fromkeys(Channel(exchange, topic) for exchange, topic in named))
