# SPDX-License-Identifier: Apache-2.0
"""How old what a mirror serves may be."""

import dataclasses
from collections.abc import Iterable

from synchronizer.client.standing import Standing

#: Seconds more than the server's promise after which silence means a lost connection: the
#: question whether it is one is asked meanwhile.
GRACE = 1.0


@dataclasses.dataclass(frozen=True, slots=True)
class Staleness:
    """Of several streams the worst of each.

    `age`: seconds since what is served was last known to be all that the daemon had recorded;
    by a clock of this machine that nobody sets, so no two clocks are compared. None: it was
    never whole. While all is well it stays below the interval between bookmarks (10 s).

    `proven_at`: when the last complete listing of the source began that the daemon, and so the
    copy, rests on; microseconds since the epoch, by the daemon's clock. None: unknown. A source
    that is away lets this stand still, and `age` not.

    `heard_at`: when the daemon was last heard; microseconds since the epoch, by this machine's
    clock. `connected`: it was heard within the time that it promises, and answers. `problem`:
    what keeps the copy from being current, for a log; None if nothing is known to.
    """

    proven_at: int | None
    heard_at: int | None
    connected: bool
    problem: str | None
    age: float | None


def of_stream(standing: Standing, why_filled: str | None, now: float, instant: int) -> Staleness:
    """`now`, of the watch's clock, is `instant`. `why_filled`: why the stream is got again."""
    heard, exact = standing.heard, standing.exact
    problem = standing.problem
    if problem is None and why_filled is not None:
        problem = f"getting all again: {why_filled}"
    silent = heard is None or now - heard > standing.silence + GRACE
    if problem is None and silent:
        problem = "nothing was heard yet" if heard is None else f"silent for {now - heard:.0f} s"
    return Staleness(
        proven_at=standing.proven_at,
        heard_at=None if heard is None else instant - round((now - heard) * 1_000_000),
        connected=standing.problem is None and not silent,
        problem=problem,
        age=None if exact is None else max(0.0, now - exact),
    )


def nothing(problem: str) -> Staleness:
    """Of a mirror that does not know any stream."""
    return Staleness(None, None, False, problem, None)


def worst(all_: Iterable[Staleness], ended: str | None) -> Staleness:
    """Of at least one. `ended`: why none of them goes on, if that is so."""
    several = list(all_)
    problem = next((one.problem for one in several if one.problem is not None), None)
    return Staleness(
        proven_at=_least(one.proven_at for one in several),
        heard_at=_least(one.heard_at for one in several),
        connected=ended is None and all(one.connected for one in several),
        problem=ended or problem,
        age=None
        if any(one.age is None for one in several)
        else max(one.age or 0.0 for one in several),
    )


def _least(values: Iterable[int | None]) -> int | None:
    known = list(values)
    return None if None in known else min(value for value in known if value is not None)
