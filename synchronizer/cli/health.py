# SPDX-License-Identifier: Apache-2.0
"""From where the streams stand to what is wrong, and what to do about it. No I/O."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence, Set
from typing import Literal

from synchronizer.cli import texts
from synchronizer.client import StreamInfo
from synchronizer.model import StreamKey

#: "wrong": somebody should look; "wait": it is not well yet; "note": it is worth to know.
Level = Literal["wrong", "wait", "note"]
LEVELS: tuple[Level, ...] = ("wrong", "wait", "note")

#: Seconds by which a listing may be late beyond all reckoning, for the pauses between polls.
GRACE = 60.0
#: The kind of condition that keeps no listing from proving.
NOTIFICATIONS = "notifications: "


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """Something about one cloud (None: about the whole) and, maybe, some of its types: `what`,
    and what to `do`; `since`: an instant."""

    level: Level
    what: str
    do: str
    cloud: str | None = None
    types: tuple[str, ...] = ()
    since: int | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Service:
    """The streams of one service of one cloud, together. `proven`: seconds since the oldest of
    their last complete listings began, None if there is one without."""

    cloud: str
    name: str
    types: int
    entities: int
    proven: float | None
    waiting: int
    held: int
    owners: tuple[str, ...]
    well: bool


def judged(
    streams: Sequence[StreamInfo], now: int, stuck: Set[StreamKey] = frozenset()
) -> list[Finding]:
    """What is to be told, the worst first. `stuck`: streams whose changes are not published
    although somebody waited for it. `now`: an instant, for servers that do not tell ages."""
    found = [*_failing(streams), *_late(streams, now), *_held(streams)]
    found += _backlogs([stream for stream in streams if stream.stream in stuck])
    found += _several_owners(streams)
    if not streams:
        found.append(
            Finding(
                "wrong",
                "nothing is sampled yet",
                "name the clouds in [DEFAULT] clouds; synchronizer config check says the rest",
            )
        )
    return sorted(found, key=lambda finding: (LEVELS.index(finding.level), finding.since or now))


def is_well(findings: Iterable[Finding]) -> bool:
    """Whether there is nothing to do, and nothing to wait for."""
    return all(finding.level == "note" for finding in findings)


def services(streams: Iterable[StreamInfo], findings: Iterable[Finding], now: int) -> list[Service]:
    """The streams, summed up."""
    wrong = {
        StreamKey(finding.cloud, type_)
        for finding in findings
        if finding.level != "note" and finding.cloud is not None
        for type_ in finding.types
    }
    groups: dict[tuple[str, str], list[StreamInfo]] = {}
    for stream in streams:
        groups.setdefault((stream.cloud, stream.type.partition(".")[0]), []).append(stream)
    return [
        Service(
            cloud,
            name,
            len(group),
            sum(stream.count for stream in group),
            _oldest([age_of(stream, now) for stream in group]),
            sum(stream.revision - stream.published for stream in group),
            sum(stream.held for stream in group),
            tuple(sorted({stream.owner for stream in group if stream.owner})),
            not wrong.intersection(stream.stream for stream in group),
        )
        for (cloud, name), group in sorted(groups.items())
    ]


def age_of(stream: StreamInfo, now: int) -> float | None:
    """Seconds since the last proven listing began: by the server's clock, if it tells them."""
    if stream.listed_at is None:
        return None
    if stream.activity is not None and stream.activity.stale_seconds is not None:
        return stream.activity.stale_seconds
    return max(0.0, (now - stream.listed_at) / 1e6)


def is_late(stream: StreamInfo, age: float) -> bool:
    """Whether a listing should have proven the stream since: one begins an interval after the
    last, and proves at its end."""
    if stream.interval is None:
        return False
    took = (stream.activity.listing_seconds if stream.activity else None) or 0.0
    return age > 2 * (stream.interval + took) + GRACE


def _failing(streams: Sequence[StreamInfo]) -> Iterator[Finding]:
    """One finding for all types of a cloud that have the same problem."""
    same: dict[tuple[str, str, str], list[StreamInfo]] = {}
    for stream in streams:
        if stream.problem is not None:
            service = stream.type.partition(".")[0]
            same.setdefault((stream.cloud, service, stream.problem), []).append(stream)
    for (cloud, _, problem), group in same.items():
        since = [stream.failing_since for stream in group if stream.failing_since is not None]
        if problem.startswith(NOTIFICATIONS) and "; " not in problem:
            do = (
                "sampling goes on without them; look at notification_transport_url in "
                f"[cloud:{cloud}], or run: synchronizer config check"
            )
        else:
            do = "look at the service; it is asked again by itself"
        yield Finding("wrong", problem, do, cloud, _types(group), min(since, default=None))


def _late(streams: Sequence[StreamInfo], now: int) -> Iterator[Finding]:
    """Streams that nothing fails of, and that are not proven any more, or not yet."""
    unlisted: dict[str, list[StreamInfo]] = {}
    late: dict[str, list[StreamInfo]] = {}
    for stream in streams:
        if stream.problem is not None or stream.held:
            continue
        age = age_of(stream, now)
        if age is None:
            unlisted.setdefault(stream.cloud, []).append(stream)
        elif is_late(stream, age):
            late.setdefault(stream.cloud, []).append(stream)
    for cloud, group in unlisted.items():
        yield Finding(
            "wait",
            "the first complete listing has not come yet",
            "wait for it; synchronizer describe --activity shows whether requests are made",
            cloud,
            _types(group),
        )
    for cloud, group in late.items():
        oldest = _oldest([age_of(stream, now) for stream in group]) or 0.0
        owners = sorted({stream.owner for stream in group if stream.owner})
        by = f" (sampled by {', '.join(owners)})" if owners else ""
        yield Finding(
            "wrong",
            f"no listing was proven for {texts.age(oldest)}, and none is said to fail",
            f"is the daemon's worker running{by}? Its log says; is the budget enough? "
            "synchronizer plan reckons",
            cloud,
            _types(group),
        )


def _held(streams: Sequence[StreamInfo]) -> Iterator[Finding]:
    clouds: dict[str, list[StreamInfo]] = {}
    for stream in streams:
        if stream.held:
            clouds.setdefault(stream.cloud, []).append(stream)
    for cloud, group in clouds.items():
        count = sum(stream.held for stream in group)
        deletes = "delete is" if count == 1 else "deletes are"
        yield Finding(
            "wrong",
            f"{count:,} {deletes} held for want of evidence",
            "on the daemon's host: synchronizer held list, then held confirm or held release",
            cloud,
            _types(group),
        )


def _backlogs(streams: Sequence[StreamInfo]) -> Iterator[Finding]:
    clouds: dict[str, list[StreamInfo]] = {}
    for stream in streams:
        clouds.setdefault(stream.cloud, []).append(stream)
    for cloud, group in clouds.items():
        count = sum(stream.revision - stream.published for stream in group)
        changes = "change waits" if count == 1 else "changes wait"
        yield Finding(
            "wrong",
            f"{count:,} {changes} to be published, for longer than that takes",
            "is the bus for notifications up? The daemon's log says what it answers",
            cloud,
            _types(group),
        )


def _several_owners(streams: Sequence[StreamInfo]) -> Iterator[Finding]:
    hosts = sorted({stream.owner.rpartition(":")[0] for stream in streams if stream.owner})
    if len(hosts) > 1:
        yield Finding(
            "note",
            f"several hosts sample: {', '.join(hosts)}",
            "nothing, if it is meant so; a daemon that others took the streams from stands by",
        )


def _types(streams: Iterable[StreamInfo]) -> tuple[str, ...]:
    return tuple(stream.type for stream in streams)


def _oldest(ages: Iterable[float | None]) -> float | None:
    """The most of them; None if one of them is."""
    oldest = 0.0
    for age in ages:
        if age is None:
            return None
        oldest = max(oldest, age)
    return oldest
