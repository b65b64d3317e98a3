# SPDX-License-Identifier: Apache-2.0
"""The administrator's role is taken away and given back: nothing counts as deleted for that.

For every type of every plugin: services answer a plain member in good form, with its own
entities and whatever others share with it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from synchronizer.ledger import Ledger
from synchronizer.plugin import PluginContext
from synchronizer.plugin.loader import make
from tests.acceptance.cloud.outsider import ENTRY, Outsider, outsider
from tests.acceptance.cloud.running import RunningCloud
from tests.functional.openstack.sampled import Sampled, Time
from tests.support.waiting import until

PATIENCE = 180
PLUGINS = ("nova", "cinder", "heat", "neutron", "glance", "keystone")


@pytest.fixture(scope="module")
def someone(whole: RunningCloud) -> Iterator[Outsider]:
    with outsider(whole) as found:
        found.share()
        yield found


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(
        f"sqlite:///{tmp_path}/ledger.sqlite", state_path=tmp_path / "state", migrate=True
    )
    yield opened
    opened.close()


def forget_token(plugin: Any) -> None:
    """Services keep what they know of a token for a while: it gets another one at once."""
    plugin._connection.service().credential._session.invalidate()


def has_role(plugin: Any) -> bool:
    forget_token(plugin)
    return "admin" in plugin._connection.service().credential.rights().roles


def proven(plugin: Any, sampled: Sampled) -> bool:
    forget_token(plugin)
    return sampled.look(after=61)


@pytest.mark.parametrize("name", PLUGINS)
def test_a_role_that_is_lost_and_given_back_deletes_nothing(
    name: str,
    someone: Outsider,
    ledger: Ledger,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    someone.write_clouds(tmp_path / "clouds.yaml")
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "clouds.yaml"))
    plugin = make(name, lambda _name, _class: PluginContext(ENTRY))
    time = Time()
    types = {t.name: Sampled(ledger, plugin, t, time) for t in plugin.types()}
    for type_, sampled in types.items():
        # Each of Keystone's processes remembers for a while what roles there were before.
        until(f"a copy of {type_}", lambda: proven(plugin, sampled), PATIENCE, 1.0)  # noqa: B023
    known = {type_: sampled.ids for type_, sampled in types.items()}
    before = {type_: set(sampled.deleted) for type_, sampled in types.items()}
    time.seconds += 120

    someone.take_role()
    try:
        until("the loss of the role", lambda: not has_role(plugin), PATIENCE, 1.0)
        for gap in (1.0, 61.0):
            time.seconds += gap
            for sampled in types.values():
                sampled.look()
        blind = {type_: set(sampled.deleted) - before[type_] for type_, sampled in types.items()}
    finally:
        someone.give_role()
    wrong = {}
    for type_, sampled in types.items():
        until(f"the proof of {type_}", lambda: proven(plugin, sampled), PATIENCE, 1.0)  # noqa: B023
        # Others may use the cloud at the same time: what they deleted is gone, indeed.
        if blind[type_] & sampled.ids:
            wrong[type_] = f"{len(blind[type_] & sampled.ids)} of {len(known[type_])}"
    plugin.close()
    assert not wrong, f"deleted while the role was away, and there: {wrong}"
