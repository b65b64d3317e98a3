# SPDX-License-Identifier: Apache-2.0
"""The service on a real cloud, with a consumer that stays attached through all that happens."""

import contextlib
from typing import Any

from synchronizer.client import StreamInfo
from synchronizer.plugin import PluginContext
from synchronizer.plugin.loader import make
from tests.acceptance.cloud.listings import MICROVERSIONS, comparable, complete
from tests.acceptance.cloud.running import RunningCloud
from tests.acceptance.systemd.service import Service
from tests.support.copying import Copying, differences
from tests.support.waiting import answered, until

#: Version 0.1.0 knew one plugin.
OLD_PLUGINS, NEW_PLUGINS = ("nova",), ("nova", "cinder", "neutron", "glance", "keystone", "heat")

#: For a copy to be exact, on a busy machine.
PATIENCE = 600.0

_CONFIGURATION = """\
[DEFAULT]
clouds = cloud
{options}
[cloud:cloud]
plugins = {plugins}
[sampling]
interval = {interval}
changes_interval = 2
[relay]
bookmark_interval = 5
[nova]
microversion = {nova}
"""


class Life:
    """`types`: those that are compared with what the cloud says itself."""

    types = ("nova.server",)

    def __init__(self, service: Service, cloud: RunningCloud) -> None:
        self.service = service
        self.cloud = cloud
        self._session = cloud.session()
        self._stack = contextlib.ExitStack()
        self.consumer: Copying

    def configure(self, plugins: tuple[str, ...], *, interval: float, options: str = "") -> None:
        text = _CONFIGURATION.format(
            options=options,
            plugins=", ".join(plugins),
            interval=interval,
            nova=MICROVERSIONS["nova"],
        )
        if plugins != OLD_PLUGINS:
            text += f"[monitor]\nlisten = 127.0.0.1:{self.service.port}\n"
            text += f"[cinder]\nmicroversion = {MICROVERSIONS['cinder']}\n"
        self.service.configure(text, self.cloud.clouds_yaml)

    def attach(self) -> None:
        """From now on there is a consumer."""
        self.consumer = self._stack.enter_context(
            Copying(self.service.transport_url, "nova.server", cloud="cloud")
        )
        self.consumer.wait_synced("cloud", "nova.server", PATIENCE)

    def stream(self) -> StreamInfo:
        (found,) = (
            of for of in answered(self.consumer.client.describe) if of.type == "nova.server"
        )
        return found

    def converges(self) -> None:
        """The consumer has what Nova lists."""
        unseen = unseen_of("nova.server")

        def equal() -> bool:
            return self._copy(unseen) == self._truth("nova.server", unseen)

        try:
            until("an exact copy", equal, PATIENCE, gap=1)
        except AssertionError:
            said = differences(self._copy(unseen), self._truth("nova.server", unseen))
            raise AssertionError(f"{said}\n{self.service.told()}") from None

    def has_recorded(self, type_: str) -> bool:
        """Whether get all gives just the ids that the service lists."""
        listed = complete(self._session, type_).keys()
        return {item.id for item in self.consumer.client.get_all(type_).items()} == listed

    def close(self) -> None:
        self._stack.close()

    def _truth(self, type_: str, unseen: frozenset[str]) -> dict[str, Any]:
        return comparable(complete(self._session, type_), unseen)

    def _copy(self, unseen: frozenset[str]) -> dict[str, Any]:
        return comparable(self.consumer.copy.of("cloud", "nova.server"), unseen)


def unseen_of(type_: str) -> frozenset[str]:
    """The fields that say nothing about whether a copy is right."""
    plugin = make(type_.partition(".")[0], lambda _name, _class: PluginContext("cloud"))
    (found,) = (of for of in plugin.types() if of.name == type_)
    return found.volatile | found.sensitive
