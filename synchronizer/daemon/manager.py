# SPDX-License-Identifier: Apache-2.0
"""`run(settings)`: all processes of the daemon under one supervisor."""

import multiprocessing

import cotyledon

from synchronizer.conf import Settings
from synchronizer.daemon.broker import BrokerService
from synchronizer.daemon.prepare import migrate_ledger
from synchronizer.daemon.relay import RelayService
from synchronizer.daemon.snapshot import SnapshotService
from synchronizer.daemon.worker import worker_service
from synchronizer.keeping.alone import alone


def run(settings: Settings) -> None:
    """Runs until SIGTERM or SIGINT; the directories are there. `errors.Stop` if it cannot begin."""
    with alone(settings.state_path, settings.runtime_path):
        migrate_ledger(settings)
        supervise(settings)


def supervise(settings: Settings) -> None:
    """Starts all processes, and starts those again that end."""
    manager = cotyledon.ServiceManager(
        wait_interval=0.01,
        graceful_shutdown_timeout=settings.graceful_shutdown_timeout,
        mp_context=multiprocessing.get_context("fork"),
    )
    if settings.local_socket is not None:
        manager.add(BrokerService, args=(settings,))
    manager.add(RelayService, args=(settings,))
    manager.add(SnapshotService, workers=settings.snapshot.workers, args=(settings,))
    for cloud in settings.clouds:
        for plugin in cloud.plugins:
            manager.add(worker_service(cloud.name, plugin.name), args=(settings, cloud, plugin))
    manager.run()
