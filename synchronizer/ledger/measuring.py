# SPDX-License-Identifier: Apache-2.0
"""How long commits take, told to whoever wants to know."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from synchronizer import errors

#: (seconds, None, or the error for which nothing was recorded)
OnCommit = Callable[[float, errors.SynchronizerError | None], None]


def tell_nobody(seconds: float, error: errors.SynchronizerError | None) -> None:
    return


@contextmanager
def measured(on_commit: OnCommit) -> Iterator[None]:
    """Around a commit, with its wait for others."""
    began = time.monotonic()
    try:
        yield
    except errors.SynchronizerError as error:
        on_commit(time.monotonic() - began, error)
        raise
    on_commit(time.monotonic() - began, None)
