# SPDX-License-Identifier: Apache-2.0
"""Checks of what callers send. Each gives the value, or `errors.BadRequest` says what is wrong."""

import math
from typing import Any

from synchronizer import errors

#: The longest text taken for a name, an id, a nonce; the wire's own bounds are lower.
LONGEST = 1024


def text(name: str, value: Any, longest: int = LONGEST) -> str:
    if not isinstance(value, str) or not value or len(value) > longest:
        raise errors.BadRequest(f"{name} must be a text of 1 to {longest} characters")
    return value


def optional_text(name: str, value: Any) -> str | None:
    return None if value is None else text(name, value)


def integer(name: str, value: Any, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise errors.BadRequest(f"{name} must be an integer from {least} to {most}")
    return value


def optional_integer(name: str, value: Any, least: int, most: int) -> int | None:
    return None if value is None else integer(name, value, least, most)


def seconds(name: str, value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise errors.BadRequest(f"{name} must be a number of seconds")
    if not math.isfinite(value) or value < 0:
        raise errors.BadRequest(f"{name} must be finite and not negative")
    return float(value)
