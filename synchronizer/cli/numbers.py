# SPDX-License-Identifier: Apache-2.0
"""Numbers on the command line; what is none is refused in words."""

import argparse
import contextlib


def positive(text: str) -> float:
    """A number above 0."""
    with contextlib.suppress(ValueError):
        value = float(text)
        if 0 < value < float("inf"):
            return value
    raise argparse.ArgumentTypeError(f"{text} is not a positive number")


def not_negative(text: str) -> float:
    """A number of 0 or more."""
    with contextlib.suppress(ValueError):
        value = float(text)
        if 0 <= value < float("inf"):
            return value
    raise argparse.ArgumentTypeError(f"{text} is not a number of 0 or more")


def whole(text: str) -> int:
    """A whole number of 0 or more."""
    with contextlib.suppress(ValueError):
        value = int(text)
        if value >= 0:
            return value
    raise argparse.ArgumentTypeError(f"{text} is not a whole number of 0 or more")
