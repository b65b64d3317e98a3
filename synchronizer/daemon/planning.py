# SPDX-License-Identifier: Apache-2.0
"""How many requests an hour a configuration costs its clouds, reckoned before it runs."""

import contextlib
import dataclasses
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from synchronizer import errors
from synchronizer.budget import Limited, Limits, alone
from synchronizer.conf import PluginSettings, Settings
from synchronizer.daemon.sources import budget_of, limits_of, made
from synchronizer.model import EntityType, StreamKey
from synchronizer.plugin import GetsChanges, Plugin
from synchronizer.plugin.budget import Purpose, Unlimited, metered
from synchronizer.sampling.schedule import MEAN_GAP

HOUR = 3600.0

#: How many entities of a stream there are; None if that is not known.
Known = Callable[[StreamKey], int | None]
Ask = Callable[[StreamKey, PluginSettings], int | None]


@dataclasses.dataclass(frozen=True, slots=True)
class TypePlan:
    """`pages`: requests of one listing; the others: an hour, on average."""

    key: StreamKey
    count: int
    pages: int
    listings: float
    listing_calls: float
    changes_calls: float

    @property
    def calls(self) -> float:
        return self.listing_calls + self.changes_calls


@dataclasses.dataclass(frozen=True, slots=True)
class ServicePlan:
    """`plugin`: by the name that its sections have."""

    cloud: str
    plugin: str
    limits: Limits
    types: Sequence[TypePlan]

    @property
    def calls(self) -> float:
        """An hour, of all types."""
        return sum(of.calls for of in self.types)

    def share(self, calls: float) -> float | None:
        """Of the service's budget; None where there is none."""
        hourly = 60 * self.limits.requests_per_minute
        return calls / hourly if hourly else None


def planned(
    settings: Settings, known: Known, ask: Ask, only: str | None = None
) -> Iterator[ServicePlan]:
    """The plan of each service of each cloud, or of one. `ask` is called for what is not `known`.

    `errors.BadPlugin` and what `ask` raises.
    """
    for cloud in settings.clouds:
        for configured in cloud.plugins if only in (None, cloud.name) else ():
            plugin = made(cloud.name, configured, Unlimited())
            types = []
            for type_ in plugin.sampled():
                key = StreamKey(cloud.name, type_.name)
                count = known(key)
                if count is None:
                    count = ask(key, configured)
                if count is None:
                    raise errors.BadConfiguration(
                        f"how many {type_.name} there are in {cloud.name} is not known; say so"
                        f" with --count {cloud.name}:{type_.name}=NUMBER"
                    )
                types.append(_of_type(settings, plugin, type_, key, count))
            yield ServicePlan(cloud.name, configured.name, limits_of(configured), types)


def warnings(plan: ServicePlan) -> Iterator[str]:
    """What does not fit into the budget, and what to change."""
    limits = plan.limits
    if not limits.requests_per_minute:
        return
    part = 60.0 * limits.share(Purpose.LISTING)
    listings = sum(of.listing_calls for of in plan.types)
    changes = sum(of.changes_calls for of in plan.types)
    where = f"[cloud:{plan.cloud}:{plan.plugin}]"
    cure = (
        f"set requests_per_minute in {where} to at least {_enough(plan.calls, listings, changes)}"
    )
    most = max(plan.types, key=lambda of: of.listing_calls)
    if listings > part:
        yield (
            f"{plan.cloud}/{plan.plugin}: listings take {listings:.0f} requests an hour, and may"
            f" have {part:.0f}: they will come late; {cure}, or a longer interval in"
            f" [cloud:{plan.cloud}:{most.key.type}]"
        )
    if changes > part:
        yield (
            f"{plan.cloud}/{plan.plugin}: changes take {changes:.0f} requests an hour, and may"
            f" have {part:.0f}: they will come late; {cure}, or a longer changes_interval"
        )
    hourly = 60 * limits.requests_per_minute
    if plan.calls > hourly:
        longer = "changes_interval" if changes > listings else "interval"
        yield (
            f"{plan.cloud}/{plan.plugin}: all types take {plan.calls:.0f} requests an hour, and"
            f" the budget is {hourly}; {cure}, or a longer {longer}"
        )


def _enough(calls: float, listings: float, changes: float) -> int:
    """The least requests per minute for so many an hour."""
    least = max(1, math.ceil(calls / 60))
    while 60 * Limits(requests_per_minute=least).share(Purpose.LISTING) < max(listings, changes):
        least += 1
    return least


class Asking:
    """Asks a cloud how many entities there are, by a complete listing; from the service's
    budget, shared with a daemon that runs here. `say` is told before."""

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self._settings = settings
        self._say = say

    def __call__(self, key: StreamKey, configured: PluginSettings) -> int:
        """`errors.SynchronizerError` if the listing fails."""
        budget = self._budget(key.cloud, configured)
        with contextlib.closing(budget):
            plugin = made(key.cloud, configured, budget)
            with contextlib.closing(plugin), metered(Purpose.LISTING):
                (type_,) = (found for found in plugin.sampled() if found.name == key.type)
                self._say(f"{key} is not known yet; it is listed once, to count it")
                return sum(len(page.items) for page in plugin.get_all(type_))

    def _budget(self, cloud: str, configured: PluginSettings) -> Limited:
        if os.access(self._settings.runtime_path, os.W_OK | os.X_OK):
            return budget_of(self._settings, cloud, configured)
        return alone(cloud, configured.name, limits_of(configured))


def nobody(key: StreamKey, configured: PluginSettings) -> None:
    """In place of `Asking` where no cloud may be asked."""
    return


def given(counts: Iterable[str]) -> Mapping[tuple[str, str], int]:
    """By cloud ("": all) and type: what "TYPE=N" and "CLOUD:TYPE=N" say.
    `errors.BadConfiguration` for what is not of that form."""
    found = {}
    for text in counts:
        name, equals, number = text.rpartition("=")
        cloud, _, type_ = name.rpartition(":")
        if not (equals and type_ and number.isdecimal()):
            raise errors.BadConfiguration(f"--count {text}: it takes [CLOUD:]TYPE=NUMBER")
        found[cloud, type_] = int(number)
    return found


def _of_type(
    settings: Settings, plugin: Plugin, type_: EntityType, key: StreamKey, count: int
) -> TypePlan:
    of = settings.of_type(key.cloud, key.type)
    pages = plugin.pages(type_, count)
    listings = HOUR / (of.interval * MEAN_GAP)
    changes = 0.0
    if of.changes_interval and isinstance(plugin, GetsChanges) and plugin.gets_changes(type_):
        changes = plugin.changes_pages(type_) * HOUR / (of.changes_interval * MEAN_GAP)
    return TypePlan(key, count, pages, listings, listings * pages, changes)
