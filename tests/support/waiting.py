# SPDX-License-Identifier: Apache-2.0
"""Waiting for what no event tells: asks again until it is so, or says that it never was."""

import time
from collections.abc import Callable
from typing import TypeVar

from synchronizer import errors

T = TypeVar("T")


def until(
    what: str, ask: Callable[[], T], patience: float = 60.0, gap: float = 0.1, told: str = ""
) -> T:
    """The first answer that is true; AssertionError after `patience` seconds without one."""
    end = time.monotonic() + patience
    while not (answer := ask()):
        assert time.monotonic() < end, f"waited {patience:.0f} s for {what} in vain {told}"
        time.sleep(gap)
    return answer


def answered(ask: Callable[[], T], patience: float = 60.0) -> T:
    """The answer, once there is somebody: a daemon that begins may publish before it serves."""
    end = time.monotonic() + patience
    while True:
        try:
            return ask()
        except errors.NobodyAnswers:
            if time.monotonic() > end:
                raise
        time.sleep(0.1)
