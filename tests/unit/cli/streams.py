# SPDX-License-Identifier: Apache-2.0
"""Streams as `describe` tells them, with nothing wrong unless it is said."""

import dataclasses
from typing import Any

from synchronizer.client import Activity, StreamInfo

NOW = 1_800_000_000_000_000
SECOND = 1_000_000

_WELL = StreamInfo(
    cloud="boston",
    type="nova.server",
    epoch="e1",
    revision=100,
    published=100,
    count=10,
    digest=0,
    floor=0,
    listed_at=NOW - 30 * SECOND,
    held=0,
    failing_since=None,
    problem=None,
    activity=Activity(1, 0, 0.5, 0.0, 5.0, 30.0),
    interval=600.0,
    owner="ctl1:77",
)


def stream(type_: str = "nova.server", **other: Any) -> StreamInfo:
    """One that is well, but for what is said."""
    return dataclasses.replace(_WELL, type=type_, **other)


def listed(age: float | None, took: float | None = 5.0) -> dict[str, Any]:
    """The members of a stream whose last listing began so many seconds ago."""
    return {
        "listed_at": None if age is None else NOW - int(age * SECOND),
        "activity": Activity(1, 0, 0.5, 0.0, took, age),
    }
