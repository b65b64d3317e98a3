# SPDX-License-Identifier: Apache-2.0
"""Ties a child to its parent: when the parent is killed, the child is told to end."""

import ctypes
import os
import signal
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def tied() -> Callable[[], None]:
    """What a child has to call between fork and exec (Linux; elsewhere it does nothing).

    The kernel then sends it SIGTERM when the thread that forked it ends, which has to be
    one that lives as long as the process.
    """
    parent = os.getpid()
    prctl = getattr(_libc, "prctl", None)

    def tie() -> None:
        if prctl is not None:
            prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
        if os.getppid() != parent:  # it was killed before the kernel knew
            os._exit(1)

    return tie
