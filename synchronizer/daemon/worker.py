# SPDX-License-Identifier: Apache-2.0
"""The process that samples one service of one cloud."""

import os
import threading

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.conf import CloudSettings, PluginSettings, Settings
from synchronizer.daemon.service import Part, PartService
from synchronizer.ledger import Ledger
from synchronizer.plugin import Plugin, PluginContext
from synchronizer.plugin.loader import load_one
from synchronizer.sampling import SamplingWorker, TypeSettings

LOG = logging.getLogger(__name__)


class WorkerPart:
    """The sampling of one plugin's types into the ledger."""

    def __init__(self, ledger: Ledger, plugin: Plugin, settings: Settings, cloud: str) -> None:
        self._ledger = ledger
        self._plugin = plugin
        self._failed: errors.Stop | None = None
        self._stopping = threading.Event()
        self._worker = SamplingWorker(
            cloud,
            plugin,
            ledger,
            {type_.name: sampling_of(settings, cloud, type_.name) for type_ in plugin.types()},
            owner=f"{settings.host}:{os.getpid()}",
            on_fatal=self._fail,
        )

    def run(self) -> None:
        try:
            self._worker.start()
            self._stopping.wait()
            self._worker.stop()
        finally:
            self._plugin.close()
            self._ledger.close()
        if self._failed is not None:
            raise self._failed

    def stop(self) -> None:
        self._stopping.set()

    def _fail(self, error: errors.Stop) -> None:
        self._failed = error
        self._stopping.set()


def sampling_of(settings: Settings, cloud: str, type_: str) -> TypeSettings:
    configured = settings.of_type(cloud, type_)
    return TypeSettings(
        interval=configured.interval,
        changes_interval=configured.changes_interval or None,
        settle=configured.settle,
        confirm_rate=configured.confirm_rate,
    )


class WorkerService(PartService):
    def __init__(
        self, worker_id: int, settings: Settings, cloud: CloudSettings, plugin: PluginSettings
    ) -> None:
        super().__init__(worker_id, settings)
        self._cloud = cloud.name
        self._plugin = plugin

    def make(self) -> Part:
        plugin = load_one(
            self._plugin.name, PluginContext(cloud=self._cloud, settings=self._plugin.values)
        )
        ledger = Ledger.open(self.settings.ledger.url, state_path=self.settings.state_path)
        return WorkerPart(ledger, plugin, self.settings, self._cloud)


def worker_service(cloud: str, plugin: str) -> type[WorkerService]:
    """A class of its own for each process, as cotyledon names a process by its class."""
    return type("WorkerService", (WorkerService,), {"name": f"worker {cloud}/{plugin}"})
