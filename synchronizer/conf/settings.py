# SPDX-License-Identifier: Apache-2.0
"""The daemon's configuration as plain, frozen values. Durations are in seconds.

What may hold a secret is not in what `repr` shows.
"""

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import Any


@dataclasses.dataclass(frozen=True, slots=True)
class TypeSettings:
    """How one entity type of one cloud is sampled.

    `changes_interval` is 0 where changes-since is not to be used. `volatile` and `sensitive`
    are fields beside those that the plugin names.
    """

    interval: float
    changes_interval: float
    settle: float
    confirm_rate: float
    hint_rate: float
    new_content_rate: float
    volatile: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class PluginSettings:
    """One plugin of one cloud, and the values for its own settings.

    `types`: the names of those that are sampled; None: all that it has.
    `notification_channels`: each "exchange/topic", or "none"; empty: as the plugin has them.
    `max_in_flight` and `requests_per_minute` (0: any number): the service's budget on this host.
    """

    name: str
    values: Mapping[str, Any] = dataclasses.field(repr=False)
    types: frozenset[str] | None = None
    notification_channels: tuple[str, ...] = ()
    max_in_flight: int = 4
    requests_per_minute: int = 600


@dataclasses.dataclass(frozen=True, slots=True)
class CloudSettings:
    """`notification_transport_url`: of the services' own bus; empty: it is not listened to."""

    name: str
    plugins: tuple[PluginSettings, ...]
    notification_transport_url: str = dataclasses.field(default="", repr=False)


@dataclasses.dataclass(frozen=True, slots=True)
class LedgerSettings:
    url: str = dataclasses.field(repr=False)
    retention: float
    compact_interval: float
    verify_interval: float


@dataclasses.dataclass(frozen=True, slots=True)
class RelaySettings:
    max_changes: int
    max_bytes: int
    bookmark_interval: float
    deadline: float
    poll: float


@dataclasses.dataclass(frozen=True, slots=True)
class SnapshotSettings:
    workers: int
    threads: int
    page: int
    max_bytes: int
    first_listing_timeout: float


@dataclasses.dataclass(frozen=True, slots=True)
class LocalBusSettings:
    group: str | None
    max_messages: int
    max_bytes: int


@dataclasses.dataclass(frozen=True, slots=True)
class MonitorSettings:
    """`listen`: HOST:PORT of health and metrics; empty: nowhere."""

    listen: str
    hang_timeout: float


@dataclasses.dataclass(frozen=True)
class Settings:
    """Everything that the daemon is told."""

    host: str
    state_path: pathlib.Path
    runtime_path: pathlib.Path
    transport_url: str = dataclasses.field(repr=False)
    notification_transport_url: str = dataclasses.field(repr=False)
    #: What was said in [oslo_messaging_rabbit], for both URLs.
    rabbit_options: Mapping[str, str] = dataclasses.field(repr=False)
    graceful_shutdown_timeout: int
    ledger: LedgerSettings
    relay: RelaySettings
    snapshot: SnapshotSettings
    local: LocalBusSettings
    monitor: MonitorSettings
    clouds: tuple[CloudSettings, ...]
    types: Mapping[tuple[str, str], TypeSettings]
    default_type: TypeSettings

    def of_type(self, cloud: str, type_: str) -> TypeSettings:
        """As the type's section of this cloud says, else the type's own, else [sampling]."""
        return self.types.get((cloud, type_)) or self.types.get(("", type_)) or self.default_type

    def source(self, cloud: str, plugin: str) -> tuple[CloudSettings, PluginSettings]:
        """What is configured of a plugin of a cloud. `KeyError`."""
        for found in self.clouds:
            for configured in found.plugins:
                if (found.name, configured.name) == (cloud, plugin):
                    return found, configured
        raise KeyError(f"{cloud}/{plugin}")

    @property
    def local_socket(self) -> pathlib.Path | None:
        """The embedded broker's socket, if a transport URL asks for that broker."""
        for url in (self.transport_url, self.notification_transport_url):
            if url.startswith("local://"):
                return pathlib.Path(url.removeprefix("local://").partition("?")[0])
        return None
