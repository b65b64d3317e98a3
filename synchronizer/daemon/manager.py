# SPDX-License-Identifier: Apache-2.0
"""`run(settings)`: all processes of the daemon under one supervisor."""

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import cotyledon
from oslo_log import log as logging

from synchronizer import errors
from synchronizer.conf import Settings
from synchronizer.daemon.broker import BrokerService
from synchronizer.daemon.current import Current
from synchronizer.daemon.ending import Ending
from synchronizer.daemon.master import MASTER, Master
from synchronizer.daemon.monitor import MonitorService
from synchronizer.daemon.prepare import migrate_ledger
from synchronizer.daemon.relay import RelayService
from synchronizer.daemon.report import Reports, Sections
from synchronizer.daemon.service import PartService
from synchronizer.daemon.snapshot import SnapshotService
from synchronizer.daemon.worker import worker_service
from synchronizer.keeping.alone import alone
from synchronizer.metrics import Numbers, Recorder
from synchronizer.metrics.hooks import HangTally
from synchronizer.monitor.systemd import Systemd, from_environment
from synchronizer.vitals import Board, Vital

LOG = logging.getLogger(__name__)


def run(
    settings: Settings,
    reload: Callable[[Current], None],
    log_again: Callable[[], None],
    reports: Reports,
) -> None:
    """Runs until SIGTERM or SIGINT; the directories are there. `errors.Stop` if it cannot begin.

    `reload`: what the master does at SIGHUP. `log_again`: has a process log as is
    configured by now.
    """
    # Nothing is read again before there are processes; by default the signal would end us.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    reports.answer(MASTER, {})
    systemd = from_environment()
    with alone(settings.state_path, settings.runtime_path):
        migrate_ledger(settings, systemd)
        Processes(settings, systemd, reload, log_again, reports).run()


class Processes:
    """The processes of a daemon, each with its place on the board; and their supervisor, who
    starts those again that end."""

    def __init__(
        self,
        settings: Settings,
        systemd: Systemd,
        reload: Callable[[Current], None],
        log_again: Callable[[], None],
        reports: Reports,
    ) -> None:
        self._settings = settings
        self._reload = reload
        self._log_again = log_again
        self._reports = reports
        services = list(all_services(settings, systemd))
        graces = {
            service.slot_name(number): service.grace(settings)
            for service, workers, _ in services
            for number in range(workers)
        }
        board, numbers = Board([*graces, MASTER]), Numbers([*graces, MASTER])
        self._board = board
        self._current = Current(settings, list(dict.fromkeys(of[0].name for of in services)))
        self._manager = cotyledon.ServiceManager(
            wait_interval=0.01,
            graceful_shutdown_timeout=settings.graceful_shutdown_timeout,
            mp_context=multiprocessing.get_context("fork"),
        )
        self._master = Master(
            board,
            MonitorService.grace(settings),
            graces,
            self._supervises,
            self._started,
            on_replaced=HangTally(Recorder(numbers.of(MASTER))),
        )
        self._of_id: dict[Any, type[PartService]] = {}
        for service, workers, more in services:
            begin: Any = partial(self._begun, service, board=board, numbers=numbers, **more)
            self._of_id[self._manager.add(begin, workers=workers)] = service
        self._manager.register_hooks(
            on_terminate=self._ends, on_reload=self._reloads, on_dead_worker=self._dead
        )

    def run(self) -> None:
        """Until the end."""
        self._reports.answer(MASTER, self._sections())
        self._master.start()
        try:
            self._manager.run()
        except SystemExit:
            # All have ended. What was set for the case that they do not is still to come.
            signal.alarm(0)

    # --- in a process that begins -----------------------------------------

    def _begun(self, service: type[PartService], worker_id: int, **more: Any) -> PartService:
        name = service.slot_name(worker_id)
        multiprocessing.current_process().name = name  # as it stands in the log, where that has it
        self._reports.answer(name, self._sections())
        return service(worker_id, self._current.settings, outdated=self._outdated, **more)

    def _outdated(self, name: str) -> bool:
        """At SIGHUP: logs as is configured by now; whether the process has to begin again."""
        if self._current.take_logs():
            try:
                self._log_again()
            except errors.BadConfiguration as error:
                LOG.error("%s logs as before: %s", name, error)
            else:
                LOG.debug("%s logs as the configuration says by now", name)
        return self._current.outdated(name)

    # --- in the master ----------------------------------------------------

    def _supervises(self) -> bool:
        # Before the first process is started there is no such thread, and at the end none.
        thread = self._manager._child_supervisor
        return thread is None or thread.is_alive() or self._manager._dead.is_set()

    def _started(self, name: str) -> int | None:
        for id_, service in self._of_id.items():
            # The supervisor's thread starts others meanwhile.
            for process, info in self._manager._running_services.get(id_, {}).copy().items():
                if service.slot_name(info.worker_id) == name:
                    return process.pid
        return None

    def _dead(self, service: Any, worker: int, exit_code: int) -> None:
        self._master.dead(self._of_id[service].slot_name(worker), exit_code)

    def _reloads(self) -> None:
        self._master.reload_begins()
        try:
            self._reload(self._current)
        finally:
            self._master.reload_ends()

    def _sections(self) -> Sections:
        """Of a report: how all processes are, in each of them."""
        return {"Vital signs": lambda: {of.name: _sign(of) for of in self._board.all()}}

    def _ends(self) -> None:
        seconds = self._settings.graceful_shutdown_timeout
        self._master.ends(seconds)
        pids = [process.pid for process in self._manager._child_processes if process.pid]
        Ending(self._board, pids, seconds).start()


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


def _sign(vital: Vital) -> dict[str, str]:
    """A process's last word, as people read it."""
    now = time.monotonic()
    return {
        "pid": str(vital.pid),
        "phase": f"{vital.phase.name.lower()} for {now - vital.since:.1f} s",
        "activity": vital.activity,
        "last progress": f"{now - vital.progress:.1f} s ago",
        "text": vital.text,
    }
