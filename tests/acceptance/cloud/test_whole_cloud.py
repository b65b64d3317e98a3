# SPDX-License-Identifier: Apache-2.0
"""Every type of every service, over RabbitMQ: after a churn each copy is the cloud."""

import contextlib
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from synchronizer.model import EntityType
from synchronizer.plugin import PluginContext
from synchronizer.plugin.openstack import OpenStackPlugin
from synchronizer_plugins.cinder.plugin import CinderPlugin
from synchronizer_plugins.glance.plugin import GlancePlugin
from synchronizer_plugins.heat.plugin import HeatPlugin
from synchronizer_plugins.keystone.plugin import KeystonePlugin
from synchronizer_plugins.neutron.plugin import NeutronPlugin
from synchronizer_plugins.nova.plugin import NovaPlugin
from tests.acceptance.cloud.listings import LISTINGS, MICROVERSIONS, comparable, complete
from tests.acceptance.cloud.running import RunningCloud
from tests.engines.rabbit import RabbitBroker, RabbitNode
from tests.support.copying import Copying, differences
from tests.support.daemon import Daemon

PLUGINS: tuple[type[OpenStackPlugin], ...] = (
    CinderPlugin,
    GlancePlugin,
    HeatPlugin,
    KeystonePlugin,
    NeutronPlugin,
    NovaPlugin,
)
#: By what a load calls them.
KINDS = {
    "server": "nova.server",
    "volume": "cinder.volume",
    "stack": "heat.stack",
    "network": "neutron.network",
    "subnet": "neutron.subnet",
    "port": "neutron.port",
    "router": "neutron.router",
    "floating_ip": "neutron.floating_ip",
    "security_group": "neutron.security_group",
    "security_group_rule": "neutron.security_group_rule",
    "image": "glance.image",
    "user": "keystone.user",
    "project": "keystone.project",
    "domain": "keystone.domain",
    "region": "keystone.region",
    "role_assignment": "keystone.role_assignment",
}
OPTIONS = """\
transport_url = {bus}
[sampling]
interval = 20
changes_interval = 3
[relay]
bookmark_interval = 5
[cloud:{cloud}]
plugins = {plugins}
{notifications}
"""
#: Seconds of churn; seconds for the first copies, and for the last ones: a listing, the time
#: that what is missing is given to come back, another listing, all on a busy machine.
CHURN, FIRST, PATIENCE = 75, 240, 300


def types() -> list[EntityType]:
    """All that the plugins have."""
    return [type_ for plugin in PLUGINS for type_ in types_of(plugin)]


def types_of(plugin: type[OpenStackPlugin]) -> Sequence[EntityType]:
    return plugin(PluginContext("cloud")).types()


def test_there_is_a_listing_of_its_own_for_every_type() -> None:
    assert LISTINGS.keys() == {type_.name for type_ in types()}


class Watched:
    """What a consumer has of one type, and what the service itself says."""

    def __init__(self, type_: EntityType, cloud: RunningCloud, copying: Copying) -> None:
        self.type = type_
        self._cloud = cloud
        self._session = cloud.session()
        self._unseen = type_.volatile | type_.sensitive
        self.copying = copying

    @property
    def told(self) -> bool:
        """Whether anything came after the first copy."""
        return any(event.stream.type == self.type.name for _, event in self.copying.told)

    def truth(self) -> dict[str, Any]:
        return comparable(complete(self._session, self.type.name), self._unseen)

    def copy(self) -> dict[str, Any]:
        held = self.copying.copy.of(self._cloud.name, self.type.name)
        assert not [id_ for id_, entity in held.items() if entity.keys() & self.type.sensitive]
        if self.type.id_field != "id":
            held = {id_: {**entity, "id": id_} for id_, entity in held.items()}
        return comparable(held, self._unseen)

    def differences(self) -> list[str]:
        """What the copy lacks of the truth, and has beyond it."""
        truth, copy = self.truth(), self.copy()
        return [] if copy == truth else differences(copy, truth)

    def check_deletes(self, log: list[dict[str, Any]]) -> None:
        """None was told of what is there, nor before it was asked for."""
        asked = {
            line["id"]: line["sent"]
            for line in log
            if line["op"] == "delete" and KINDS.get(line["type"]) == self.type.name
        }
        truth = self.truth()
        # What is granted again is the same assignment.
        comes_back = self.type.name == "keystone.role_assignment"
        wrong = [
            (at, id_)
            for at, id_ in self.copying.deletes
            if (id_ in truth and not comes_back) or at < asked.get(id_, 0)
        ]
        assert not wrong, f"{self.type.name}: reported deleted, and not so: {wrong[:5]}"


@pytest.mark.timeout(900)
@pytest.mark.parametrize("small", [True, False], ids=["pages-of-5-notified", "default-pages"])
def test_every_copy_equals_its_service_s_own_listing_after_a_churn(
    small: bool, whole: RunningCloud, rabbit_node: RabbitNode
) -> None:
    whole.cloud.set_page(5 if small else None)
    with contextlib.ExitStack() as stack:
        broker = RabbitBroker(rabbit_node)
        stack.callback(broker.close)
        options = configuration(whole, broker.url, small=small)
        daemon = Daemon(cloud=whole.name, clouds_yaml=whole.clouds_yaml, options=options)
        stack.enter_context(daemon)
        watched = []
        for plugin in PLUGINS:
            found = types_of(plugin)
            names = [type_.name for type_ in found]
            copying = stack.enter_context(Copying(broker.url, *names, cloud=whole.name))
            watched += [Watched(type_, whole, copying) for type_ in found]
        for one in watched:
            one.copying.wait_synced(whole.name, one.type.name, FIRST)

        log = lines(whole.churn(CHURN, seed=1 if small else 2))
        try:
            wait_equal(watched)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{daemon.ask('describe')}\n{daemon.told()}") from None

        for one in watched:
            one.check_deletes(log)
        check_the_churn_was_one(log, watched)


def configuration(cloud: RunningCloud, bus: str, *, small: bool) -> str:
    services = [plugin.service for plugin in PLUGINS]
    notifications = (
        f"notification_transport_url = rabbit://{cloud.cloud.settings.transport_url}"
        if small
        else ""
    )
    text = OPTIONS.format(
        bus=bus,
        cloud=cloud.name,
        plugins=", ".join(services),
        notifications=notifications,
    )
    for service in services:
        text += f"[{service}]\nrequests_per_minute = 0\n"
        text += "page_size = 5\n" if small else ""
        if service in MICROVERSIONS:
            text += f"microversion = {MICROVERSIONS[service]}\n"
    return text


def wait_equal(watched: list[Watched]) -> None:
    """Until every copy is what its service lists at that moment; else says what differs."""
    end = time.monotonic() + PATIENCE
    unequal = watched
    while unequal:
        found = {one.type.name: one.differences() for one in unequal}
        unequal = [one for one in unequal if found[one.type.name]]
        if time.monotonic() > end:
            told = json.dumps({name: said for name, said in found.items() if said}, indent=1)
            raise AssertionError(f"waited {PATIENCE} s for exact copies in vain: {told}")
        time.sleep(1 if unequal else 0)


def check_the_churn_was_one(log: list[dict[str, Any]], watched: list[Watched]) -> None:
    """Every kind was changed, and consumers were told so."""
    changed = {KINDS.get(line["type"]) for line in log if line["op"] != "present" and line["ok"]}
    for one in watched:
        if one.type.name in changed:
            assert one.told, f"{one.type.name} changed, and nothing was told"
    assert len(changed) >= 10, f"too little was churned: {changed}"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]
