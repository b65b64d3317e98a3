# SPDX-License-Identifier: Apache-2.0
"""The process that samples one service of one cloud."""

import contextlib
import os
import threading
from collections.abc import Mapping

from synchronizer import errors
from synchronizer.conf import CloudSettings, PluginSettings, Settings
from synchronizer.daemon.service import Part, PartService
from synchronizer.daemon.typesettings import sampling_of
from synchronizer.ledger import Ledger
from synchronizer.model import StreamKey
from synchronizer.plugin import Plugin, PluginContext
from synchronizer.plugin.loader import load
from synchronizer.sampling import SamplingWorker, Standby, TypeSettings

#: For threads that are inside a request.
ENDING_SECONDS = 5.0


class WorkerPart:
    """The sampling of one plugin's types into the ledger.

    When another process takes the streams over, it waits until that one is gone; then, as
    at a stop, `run` ends.
    """

    def __init__(
        self, plugin: Plugin, ledger: Ledger, sampling: Mapping[str, TypeSettings], owner: str
    ) -> None:
        self._ledger = ledger
        self._failure: BaseException | None = None
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._worker = SamplingWorker(plugin, ledger, sampling, owner=owner, on_fatal=self._fail)
        cloud = plugin.context.cloud
        self._standby = Standby(
            ledger,
            f"worker {cloud}/{plugin.service}",
            [StreamKey(cloud, name) for name in sampling],
        )

    def run(self) -> None:
        with contextlib.closing(self._ledger):
            try:
                self._sample()
            except errors.Fenced as lost:
                self._standby.wait(lost, self._stopping)

    def stop(self) -> None:
        self._stopping.set()
        self._ended.set()

    def _sample(self) -> None:
        try:
            self._worker.start()
            self._ended.wait()
        finally:
            self._worker.stop()
            self._worker.wait(ENDING_SECONDS)
        if self._failure is not None:
            raise self._failure

    def _fail(self, error: BaseException) -> None:
        self._failure = error
        self._ended.set()


class WorkerService(PartService):
    """`cloud` and `plugin` say what this process samples."""

    def __init__(
        self, worker_id: int, settings: Settings, cloud: CloudSettings, plugin: PluginSettings
    ) -> None:
        super().__init__(worker_id, settings)
        self._cloud = cloud.name
        self._configured = plugin

    def make(self) -> Part:
        configured = self._configured
        name, values = configured.name, configured.values
        plugins, broken = load(
            [name], lambda _name, _class: PluginContext(self._cloud, values, configured.types)
        )
        if broken:
            raise errors.BadPlugin(f"plugin {name}: {broken[0].error}")
        (plugin,) = plugins.values()
        ledger = Ledger.open(self.settings.ledger.url, state_path=self.settings.state_path)
        return WorkerPart(
            plugin,
            ledger,
            {
                type_.name: sampling_of(self.settings, self._cloud, type_.name)
                for type_ in plugin.sampled()
            },
            owner=f"{self.settings.host}:{os.getpid()}",
        )


def worker_service(cloud: str, plugin: str) -> type[WorkerService]:
    """A class of its own for each process, as cotyledon names a process by its class."""
    return type("WorkerService", (WorkerService,), {"name": f"worker {cloud}/{plugin}"})
