# SPDX-License-Identifier: Apache-2.0
"""One daemon (or embedded use) on one directory: a second would take the streams of the first."""

import contextlib
import fcntl
import os
import pathlib
from collections.abc import Iterator

from synchronizer import errors

PID_FILE = "synchronizer.pid"


@contextlib.contextmanager
def alone(*directories: pathlib.Path) -> Iterator[None]:
    """Holds the directories for this process; in each of them a file tells its pid.

    `errors.BadConfiguration` if another daemon holds one of them.
    """
    with contextlib.ExitStack() as held:
        for directory in dict.fromkeys(path.resolve() for path in directories):
            held.enter_context(_hold(directory))
        yield


@contextlib.contextmanager
def _hold(directory: pathlib.Path) -> Iterator[None]:
    path = directory / PID_FILE
    try:
        # Without a buffer: it would be written again, in vain, when the file is closed.
        file = path.open("ab+", buffering=0)
    except OSError as error:
        raise _unwritable(path, error) from None
    with file:
        try:
            # A POSIX lock: it is not inherited by children, so it ends with the master even
            # while they are still ending.
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            raise errors.BadConfiguration(
                f"another daemon (pid {file.read().decode().strip() or 'unknown'}) is running in "
                f"{directory}; stop it, or give this one a state_path and a runtime_path of its own"
            ) from None
        try:
            file.truncate(0)
            file.write(f"{os.getpid()}\n".encode())
        except OSError as error:
            raise _unwritable(path, error) from None
        yield


def _unwritable(path: pathlib.Path, error: OSError) -> errors.BadConfiguration:
    """Also where the disk is full: who starts the daemon again finds out when it is not."""
    return errors.BadConfiguration(f"{path} cannot be written: {error.strerror}")
