# SPDX-License-Identifier: Apache-2.0
"""`run(settings)`: all processes of the daemon under one supervisor."""

import multiprocessing
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import cotyledon
from oslo_log import log as logging

from synchronizer import errors
from synchronizer.conf import Settings
from synchronizer.daemon.broker import BrokerService
from synchronizer.daemon.current import Current
from synchronizer.daemon.master import MASTER, Master
from synchronizer.daemon.monitor import MonitorService
from synchronizer.daemon.prepare import migrate_ledger
from synchronizer.daemon.relay import RelayService
from synchronizer.daemon.service import PartService
from synchronizer.daemon.snapshot import SnapshotService
from synchronizer.daemon.worker import worker_service
from synchronizer.keeping.alone import alone
from synchronizer.metrics import Numbers
from synchronizer.monitor.systemd import Systemd, from_environment
from synchronizer.vitals import Board

LOG = logging.getLogger(__name__)


def run(
    settings: Settings,
    reloader: Callable[[Current], Callable[[], None]],
    log_again: Callable[[], None],
) -> None:
    """Runs until SIGTERM or SIGINT; the directories are there. `errors.Stop` if it cannot begin.

    `reloader`: makes what the master does at SIGHUP. `log_again`: has a process log as is
    configured by now.
    """
    systemd = from_environment()
    with alone(settings.state_path, settings.runtime_path):
        migrate_ledger(settings, systemd)
        Processes(settings, systemd, reloader, log_again).run()


class Processes:
    """The processes of a daemon, each with its place on the board; and their supervisor, who
    starts those again that end."""

    def __init__(
        self,
        settings: Settings,
        systemd: Systemd,
        reloader: Callable[[Current], Callable[[], None]],
        log_again: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._log_again = log_again
        services = list(all_services(settings, systemd))
        graces = {
            service.slot_name(number): service.grace(settings)
            for service, workers, _ in services
            for number in range(workers)
        }
        board, numbers = Board([*graces, MASTER]), Numbers(graces)
        self._current = Current(settings, list(dict.fromkeys(of[0].name for of in services)))
        self._reload = reloader(self._current)
        self._manager = cotyledon.ServiceManager(
            wait_interval=0.01,
            graceful_shutdown_timeout=settings.graceful_shutdown_timeout,
            mp_context=multiprocessing.get_context("fork"),
        )
        self._master = Master(board, MonitorService.grace(settings), graces, self._supervises)
        self._of_id: dict[Any, type[PartService]] = {}
        for service, workers, more in services:
            begin: Any = partial(self._begun, service, board=board, numbers=numbers, **more)
            self._of_id[self._manager.add(begin, workers=workers)] = service
        self._manager.register_hooks(
            on_terminate=self._ends, on_reload=self._reloads, on_dead_worker=self._dead
        )

    def run(self) -> None:
        """Until the end."""
        self._master.start()
        self._manager.run()

    # --- in a process that begins -----------------------------------------

    def _begun(self, service: type[PartService], worker_id: int, **more: Any) -> PartService:
        return service(worker_id, self._current.settings, outdated=self._outdated, **more)

    def _outdated(self, name: str) -> bool:
        """At SIGHUP: logs as is configured by now; whether the process has to begin again."""
        if self._current.take_logs():
            try:
                self._log_again()
            except errors.BadConfiguration as error:
                LOG.error("%s", error)
        return self._current.outdated(name)

    # --- in the master ----------------------------------------------------

    def _supervises(self) -> bool:
        # Before the first process is started there is no such thread.
        thread = self._manager._child_supervisor
        return thread is None or thread.is_alive()

    def _dead(self, service: Any, worker: int, exit_code: int) -> None:
        self._master.dead(self._of_id[service].slot_name(worker), exit_code)

    def _reloads(self) -> None:
        self._master.reload_begins()
        try:
            self._reload()
        finally:
            self._master.reload_ends()

    def _ends(self) -> None:
        self._master.ends(self._settings.graceful_shutdown_timeout)


def all_services(
    settings: Settings, systemd: Systemd
) -> Iterator[tuple[type[PartService], int, dict[str, Any]]]:
    """Each service, how many processes it has, and what else it is made with. The first to
    begin is the first to be told to end."""
    yield MonitorService, 1, {"systemd": systemd}
    if settings.local_socket is not None:
        yield BrokerService, 1, {}
    yield RelayService, 1, {}
    yield SnapshotService, settings.snapshot.workers, {}
    for cloud in settings.clouds:
        for plugin in cloud.plugins:
            yield worker_service(cloud.name, plugin.name), 1, {}
