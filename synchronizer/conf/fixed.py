# SPDX-License-Identifier: Apache-2.0
"""What of the settings stays as it is until the daemon is restarted."""

import dataclasses

from synchronizer.conf.settings import CloudSettings, Settings


def with_what_is_fixed(old: Settings, new: Settings) -> Settings:
    """The new settings, with the old ones where a running daemon cannot change: who and where
    it is, its database and buses, which processes there are."""
    left = {cloud.name for cloud in old.clouds} - {cloud.name for cloud in new.clouds}
    return dataclasses.replace(
        new,
        host=old.host,
        state_path=old.state_path,
        runtime_path=old.runtime_path,
        transport_url=old.transport_url,
        notification_transport_url=old.notification_transport_url,
        graceful_shutdown_timeout=old.graceful_shutdown_timeout,
        ledger=dataclasses.replace(new.ledger, url=old.ledger.url),
        monitor=dataclasses.replace(new.monitor, hang_timeout=old.monitor.hang_timeout),
        snapshot=dataclasses.replace(new.snapshot, workers=old.snapshot.workers),
        clouds=tuple(_cloud(cloud, new) for cloud in old.clouds),
        types={**new.types, **{key: of for key, of in old.types.items() if key[0] in left}},
    )


def is_fixed(section: str, old: Settings, new: Settings) -> bool:
    """Whether a section is of a cloud, or of a plugin of one, that is not in both: it begins, or
    ends, with a restart."""
    kind, _, rest = section.partition(":")
    cloud, _, plugin = rest.partition(":")
    if kind != "cloud":
        return False
    for settings in (old, new):
        plugins = {of.name: {one.name for one in of.plugins} for of in settings.clouds}
        if cloud not in plugins or (plugin and "." not in plugin and plugin not in plugins[cloud]):
            return True
    return False


def _cloud(old: CloudSettings, settings: Settings) -> CloudSettings:
    """A cloud with the plugins that it had, each as it is configured now if it still is."""
    for new in settings.clouds:
        if new.name == old.name:
            plugins = {plugin.name: plugin for plugin in (*old.plugins, *new.plugins)}
            return dataclasses.replace(
                new, plugins=tuple(plugins[plugin.name] for plugin in old.plugins)
            )
    return old
