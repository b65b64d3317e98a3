# SPDX-License-Identifier: Apache-2.0
"""Which notifications a worker listens to."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

import pytest

from synchronizer.conf import CloudSettings, PluginSettings
from synchronizer.daemon.hearing import services_bus
from synchronizer.hearing import Channel
from synchronizer.plugin import (
    EntityType,
    HearsNotifications,
    Hint,
    Page,
    Plugin,
    PluginContext,
)

URL = "rabbit://me:pw@host/"


class Deaf(Plugin):
    service = "test"

    def types(self) -> tuple[EntityType, ...]:
        return (EntityType("test.thing"),)

    def get_all(self, type_: EntityType) -> Iterator[Page]:
        yield Page(last=True)


class Hearing(Deaf, HearsNotifications):
    channels: ClassVar[tuple[tuple[str, str], ...]] = (("test", "a"), ("test", "b"))

    def on_notification(self, event_type: str, payload: Mapping[str, Any]) -> Iterable[Hint]:
        return ()


def channels(plugin: type[Plugin], *configured: str, url: str = URL) -> tuple[Channel, ...] | None:
    settings = PluginSettings("test", {}, notification_channels=configured)
    cloud = CloudSettings("c1", (settings,), url)
    bus = services_bus(cloud, settings, plugin(PluginContext("c1")))
    if bus is None:
        return None
    assert (bus.name, bus.url) == ("c1/test", URL)
    return bus.channels


def test_the_plugin_says_where() -> None:
    assert channels(Hearing) == (("test", "a"), ("test", "b"))


def test_the_operator_may_say_where_instead() -> None:
    assert channels(Hearing, "other/x.y", "other/x.y") == (("other", "x.y"),)


@pytest.mark.parametrize(
    "nothing", [channels(Deaf), channels(Hearing, "none"), channels(Hearing, url="")]
)
def test_without_a_bus_or_anything_to_hear_nobody_listens(nothing: object) -> None:
    assert nothing is None
