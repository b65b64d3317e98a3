# SPDX-License-Identifier: Apache-2.0
"""What has to stand before the processes start: directories, and the ledger's tables."""

import multiprocessing
import os
import pathlib
from multiprocessing.connection import Connection

from synchronizer import errors
from synchronizer.bus.local.address import socket_path
from synchronizer.conf import Settings
from synchronizer.ledger import Ledger
from synchronizer.monitor.announcing import EXTENSION
from synchronizer.monitor.systemd import Systemd

#: Seconds between two words to systemd meanwhile.
WORD = 5.0


def make_directories(settings: Settings) -> None:
    """`errors.BadConfiguration` if that cannot be done, or is of no use; and
    `errors.SocketUnusable`."""
    refuse_useless(settings)
    for path in (settings.state_path, settings.runtime_path):
        make_directory(path)


def refuse_useless(settings: Settings) -> None:
    """`errors.BadConfiguration` and `errors.SocketUnusable` for settings with which no daemon
    would begin; so one that runs does not take them over, such as those of an empty file."""
    if not settings.clouds:
        raise errors.BadConfiguration(
            "no cloud is configured; name some in the option clouds of [DEFAULT]"
        )
    if settings.local_socket is not None:
        socket_path(settings.local_socket)


def migrate_ledger(settings: Settings, systemd: Systemd) -> None:
    """In a child, as the master keeps no session. `errors.Stop` if it fails, with the reason."""
    context = multiprocessing.get_context("fork")
    mine, childs = context.Pipe(duplex=False)
    child = context.Process(target=migrate, args=(settings, childs))
    child.start()
    childs.close()
    systemd.tell("STATUS=Prepares the ledger")
    try:
        while not mine.poll(WORD):
            # The migration has deadlines of its own.
            systemd.tell(f"EXTEND_TIMEOUT_USEC={int(EXTENSION * 1e6)}")
        problem = mine.recv()
    except EOFError:
        problem = "the migration of the ledger ended without a word"
    child.join()
    if problem:
        raise errors.LedgerUnusable(problem)


def make_directory(path: pathlib.Path) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise errors.BadConfiguration(f"cannot make {path}: {error.strerror}") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise errors.BadConfiguration(
            f"{path} cannot be written by this user; change its owner, or the option "
            "state_path or runtime_path"
        )


def migrate(settings: Settings, answer: Connection) -> None:
    try:
        ledger = Ledger.open(settings.ledger.url, state_path=settings.state_path, migrate=True)
        ledger.close()
        answer.send(None)
    except errors.SynchronizerError as error:
        answer.send(error.message)
    except BaseException as error:
        answer.send(f"{type(error).__name__}: {error}")
        raise
