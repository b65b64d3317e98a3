# SPDX-License-Identifier: Apache-2.0
"""The directory that a ledger lives in: a temporary one, or one that lasts."""

import contextlib
import fcntl
import os
import pathlib
import tempfile
from collections.abc import Iterator

from synchronizer import errors
from synchronizer.keeping.alone import alone

LEDGER_FILE = "ledger.sqlite"


@contextlib.contextmanager
def temporary() -> Iterator[pathlib.Path]:
    """A directory for this process alone, which goes with all that is in it."""
    with tempfile.TemporaryDirectory(prefix="synchronizer-embedded-") as name:
        yield pathlib.Path(name)


@contextlib.contextmanager
def kept(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """This directory, made for its owner only if it is not there, and held for as long as
    the block lasts. `errors.BadConfiguration` if somebody else holds it, or it cannot be used."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except FileExistsError:
        raise errors.BadConfiguration(
            f"{path} is a file; name a directory for the ledger"
        ) from None
    except OSError as error:
        raise errors.BadConfiguration(f"{path} cannot be used: {error.strerror}") from None
    try:
        if not os.access(path, os.W_OK | os.X_OK):
            raise errors.BadConfiguration(f"{path} cannot be written by this user")
        try:
            # Of this open directory, and not of the process: it holds within one, too.
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise errors.BadConfiguration(
                f"another program uses the ledger in {path}; end it, or name another directory"
            ) from None
        with alone(path):
            yield path
    finally:
        os.close(descriptor)
