# SPDX-License-Identifier: Apache-2.0
"""How to sample, and how long to remember, from what a caller says."""

from collections.abc import Iterable, Mapping, Sequence

from synchronizer import errors
from synchronizer.sampling import TypeSettings

#: By entity type, names of top-level fields.
Fields = Mapping[str, Iterable[str]]

#: Seconds between listings that a `max_age` asks for: there is nobody else who asks.
EARLY_GAP = 1.0


def settings(
    types: Sequence[str],
    *,
    interval: float,
    changes_interval: float | None,
    settle: float,
    confirm_rate: float,
    volatile: Fields,
    sensitive: Fields,
) -> dict[str, TypeSettings]:
    """By entity type, as the sampler takes them. `errors.BadConfiguration` for what makes no
    sense, `errors.UnknownType` for fields of other types."""
    for name, value in (("interval", interval), ("confirm_rate", confirm_rate)):
        if value <= 0:
            raise errors.BadConfiguration(f"{name} must be above 0, not {value}")
    for name, value in (("changes_interval", changes_interval or 0.0), ("settle", settle)):
        if value < 0:
            raise errors.BadConfiguration(f"{name} must not be below 0, but is {value}")
    for type_ in (*volatile, *sensitive):
        if type_ not in types:
            raise errors.UnknownType(f"{type_!r} is not sampled here", known=list(types))
    return {
        type_: TypeSettings(
            interval=interval,
            changes_interval=changes_interval or None,
            settle=settle,
            confirm_rate=confirm_rate,
            early_gap=EARLY_GAP,
            volatile=frozenset(volatile.get(type_, ())),
            sensitive=frozenset(sensitive.get(type_, ())),
        )
        for type_ in types
    }


def retention(given: float | None, usual: float, interval: float) -> float:
    """Seconds: the usual ones, if none are given; long enough for a listing to end in.
    `errors.BadConfiguration` for less than that."""
    least = 2 * interval
    if given is None:
        return max(usual, least)
    if given < least:
        raise errors.BadConfiguration(
            f"retention is {given:g} s; it must be at least twice the interval, {least:g} s"
        )
    return given
