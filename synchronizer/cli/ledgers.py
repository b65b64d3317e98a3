# SPDX-License-Identifier: Apache-2.0
"""The ledger of the configuration, for the commands that work on it."""

import argparse
import contextlib
import pathlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from synchronizer import errors
from synchronizer.cli import connect

if TYPE_CHECKING:
    from synchronizer.conf import Settings
    from synchronizer.ledger import Ledger, StreamState


def settings(options: argparse.Namespace) -> "Settings":
    """The configuration of a daemon whose ledger is there."""
    try:
        import synchronizer.ledger  # noqa: F401
    except ImportError as error:
        raise connect.needs_daemon(error) from None
    found = connect.configuration(options)
    scheme, _, path = found.ledger.url.partition(":///")
    if scheme.startswith("sqlite"):
        _require(pathlib.Path(path))
    return found


def _require(file: pathlib.Path) -> None:
    try:
        file.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise errors.BadConfiguration(
            f"there is no ledger {file}; is this the daemon's host, and its --config-file?"
        ) from None
    except OSError as error:
        raise errors.BadConfiguration(
            f"the ledger {file} cannot be looked at: {error.strerror}; "
            "run this as the daemon's user"
        ) from None


@contextlib.contextmanager
def opened(options: argparse.Namespace) -> Iterator["Ledger"]:
    """Open it; it has to be there."""
    found = settings(options)
    from synchronizer.ledger import Ledger

    ledger = Ledger.open(found.ledger.url, state_path=found.state_path)
    try:
        yield ledger
    finally:
        ledger.close()


def stream(ledger: "Ledger", type_: str, cloud: str | None) -> "StreamState":
    """The stream of this type; the cloud has to be named where several have it."""
    found = [
        state
        for state in ledger.streams()
        if state.key.type == type_ and cloud in (None, state.key.cloud)
    ]
    if not found:
        known = ", ".join(str(state.key) for state in ledger.streams())
        raise errors.UnknownType(f"nothing is known of {type_}; there is: {known or 'nothing'}")
    if len(found) > 1:
        clouds = ", ".join(state.key.cloud for state in found)
        raise errors.UnknownCloud(f"name one of the clouds that have it with --cloud: {clouds}")
    return found[0]
