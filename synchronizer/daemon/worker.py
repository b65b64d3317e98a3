# SPDX-License-Identifier: Apache-2.0
"""The process that samples one service of one cloud."""

import contextlib
import os
import threading
from collections.abc import Mapping
from typing import ClassVar

from synchronizer import errors
from synchronizer.budget import Limited
from synchronizer.daemon.concerns import worker
from synchronizer.daemon.hearing import ServicesBus, services_bus
from synchronizer.daemon.service import Part, PartService
from synchronizer.daemon.sources import budget_of, made
from synchronizer.daemon.typesettings import sampling_of
from synchronizer.ledger import Ledger
from synchronizer.metrics import Recorder
from synchronizer.metrics.hooks import CommitTally, SamplingTally
from synchronizer.model import StreamKey
from synchronizer.plugin import Plugin
from synchronizer.sampling import SamplingWorker, Standby, TypeSettings
from synchronizer.sampling.clock import SystemClock, Watched
from synchronizer.vitals import Heart, Phase

#: For threads that are inside a request.
ENDING_SECONDS = 5.0


class WorkerPart:
    """The sampling of one plugin's types into the ledger.

    When another process takes the streams over, it waits until that one is gone; then, as
    at a stop, `run` ends.
    """

    def __init__(
        self,
        plugin: Plugin,
        budget: Limited,
        ledger: Ledger,
        sampling: Mapping[str, TypeSettings],
        owner: str,
        heart: Heart,
        recorder: Recorder,
        bus: ServicesBus | None = None,
    ) -> None:
        self._heart = heart
        self._budget = budget
        self._ledger = ledger
        self._failure: BaseException | None = None
        self._stopping = threading.Event()
        self._ended = threading.Event()
        cloud = plugin.context.cloud
        watched = Watched(SystemClock(), heart)
        streams = [StreamKey(cloud, name) for name in sampling]
        self._worker = SamplingWorker(
            plugin,
            ledger,
            sampling,
            owner=owner,
            on_fatal=self._fail,
            tally=SamplingTally(recorder, streams),
            pulse=heart,
        )
        self._listener = None if bus is None else bus.listener(self._worker, heart)
        self._standby = Standby(ledger, f"worker {cloud}/{plugin.service}", streams, clock=watched)

    def run(self) -> None:
        with contextlib.closing(self._ledger), contextlib.closing(self._budget):
            try:
                self._sample()
            except errors.Fenced as lost:
                if not self._stopping.is_set():
                    self._heart.phase(Phase.STANDBY, lost.message)
                self._standby.wait(lost, self._stopping)

    def stop(self) -> None:
        self._stopping.set()
        self._ended.set()

    def _sample(self) -> None:
        try:
            self._worker.start()
            self._heart.phase(Phase.RUNNING)
            self._heart.rest()
            if self._listener is not None:
                self._listener.start()
            self._ended.wait()
        finally:
            self._heart.expect(doing="ends")
            self._budget.stop()
            if self._listener is not None:
                self._listener.stop(ENDING_SECONDS)
            self._worker.stop()
            self._worker.wait(ENDING_SECONDS)
        if self._failure is not None:
            raise self._failure

    def _fail(self, error: BaseException) -> None:
        self._failure = error
        self._ended.set()


class WorkerService(PartService):
    """`cloud` and `plugin` name what this process samples."""

    cloud: ClassVar[str]
    plugin: ClassVar[str]

    def make(self) -> Part:
        settings = self.settings
        cloud, configured = settings.source(self.cloud, self.plugin)
        with contextlib.ExitStack() as making:
            budget = budget_of(settings, cloud.name, configured)
            making.callback(budget.close)
            plugin = made(cloud.name, configured, budget)
            part = WorkerPart(
                plugin,
                budget,
                Ledger.open(
                    settings.ledger.url,
                    state_path=settings.state_path,
                    on_commit=CommitTally(self.recorder),
                ),
                {
                    type_.name: sampling_of(settings, cloud.name, type_.name)
                    for type_ in plugin.sampled()
                },
                owner=f"{settings.host}:{os.getpid()}",
                heart=self.heart,
                recorder=self.recorder,
                bus=services_bus(cloud, configured, plugin),
            )
            making.pop_all()  # the part closes it
            return part

    def begins(self) -> None:
        """It runs when its streams are restored, and not before."""
        self.heart.phase(Phase.RESTORING)


def worker_service(cloud: str, plugin: str) -> type[WorkerService]:
    """A class of its own for each process, as cotyledon names a process by its class."""
    named = {"name": worker(cloud, plugin), "cloud": cloud, "plugin": plugin}
    return type("WorkerService", (WorkerService,), named)
