# SPDX-License-Identifier: Apache-2.0
"""The service's life with a real cloud, step by step: 0.1.0 is installed, started, upgraded to
this version, reloaded and stopped, and a consumer that stays attached misses nothing."""

import pathlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.systemd.service import PLACES, UNIT, VENV, Service
from tests.support.waiting import until
from tests.upgrades import place

if TYPE_CHECKING:
    from tests.acceptance.cloud.running import RunningCloud
    from tests.acceptance.systemd.life import Life

PATIENCE = 600.0
#: Seconds of changes in the cloud.
CHURN = 4.0


@pytest.fixture(scope="module")
def life(installed: Service, whole: "RunningCloud", wheel: pathlib.Path) -> "Iterator[Life]":
    from tests.acceptance.systemd.life import Life

    installed.wipe()
    life = Life(installed, whole)
    yield life
    life.close()
    # Whatever became of it: other tests find this version.
    installed.wipe()
    installed.replace(wheel)
    installed.install_units()


def test_version_0_1_0_is_installed(life: "Life") -> None:
    from tests.acceptance.systemd.life import OLD_PLUGINS

    service = life.service
    service.replace(place.wheel("0.1.0"))
    # It had a unit, no snippets, and its program elsewhere.
    unit = (place.HERE / "0.1.0/synchronizer.service").read_text()
    service.machine.write(PLACES["service"], unit.replace("/usr/bin", f"{VENV}/bin"))
    service.drop_in("clouds", "Environment=OS_CLIENT_CONFIG_FILE=/etc/synchronizer/clouds.yaml")
    life.configure(OLD_PLUGINS, interval=10)
    said = service.machine.run(f"{VENV}/bin/synchronizer", "--version")
    assert "0.1.0" in said


def test_it_is_started_and_samples_the_real_cloud(life: "Life") -> None:
    life.service.systemctl("start")
    life.attach()
    life.cloud.churn(CHURN, seed=1, kinds=["server"])
    life.converges()
    assert life.consumer.copy.of("cloud", "nova.server")


def test_it_is_upgraded_while_its_consumer_stays(life: "Life", wheel: pathlib.Path) -> None:
    from tests.acceptance.systemd.life import NEW_PLUGINS

    service, before = life.service, life.stream()
    service.systemctl("stop")
    life.cloud.churn(CHURN, seed=2, kinds=["server"])
    service.replace(wheel)
    service.machine.run("rm", "-rf", f"/etc/systemd/system/{UNIT}.d")
    service.install_units()
    life.configure(NEW_PLUGINS, interval=10)
    service.machine.run("systemctl", "enable", UNIT)
    service.systemctl("start")
    assert service.shown("Type") == "notify"
    life.converges()
    after = life.stream()
    assert after.epoch == before.epoch
    assert after.revision > before.revision
    assert service.lost_revisions("nova.server") == set()


@pytest.mark.parametrize("type_", ["cinder.volume", "neutron.network", "keystone.user"])
def test_the_new_version_samples_what_the_old_one_did_not_know(type_: str, life: "Life") -> None:
    until(f"{type_} to be recorded", lambda: life.has_recorded(type_), PATIENCE, gap=1)


def test_a_reload_applies_what_can_change_and_interrupts_nobody(life: "Life") -> None:
    from tests.acceptance.systemd.life import NEW_PLUGINS

    service = life.service
    main = service.shown("MainPID")
    life.configure(NEW_PLUGINS, interval=7)
    service.systemctl("reload")
    until("the reload to be told", lambda: "interval" in service.machine.journal(UNIT), PATIENCE)
    life.cloud.churn(CHURN, seed=3, kinds=["server"])
    life.converges()
    assert (service.shown("MainPID"), service.shown("ActiveState")) == (main, "active")
    assert service.shown("NRestarts") == "0"


def test_a_reload_of_a_bad_configuration_changes_nothing(life: "Life") -> None:
    from tests.acceptance.systemd.life import NEW_PLUGINS

    service = life.service
    main = service.shown("MainPID")
    life.configure(NEW_PLUGINS, interval=7, options="no_such_option = 1")
    service.systemctl("reload")
    until("it to be told", lambda: "no_such_option" in service.machine.journal(UNIT), PATIENCE)
    life.cloud.churn(CHURN, seed=4, kinds=["server"])
    life.converges()
    assert (service.shown("MainPID"), service.shown("ActiveState")) == (main, "active")
    life.configure(NEW_PLUGINS, interval=7)


def test_it_is_stopped_and_nothing_was_lost(life: "Life") -> None:
    service = life.service
    life.cloud.churn(CHURN, seed=5, kinds=["server"])
    before = life.stream()
    service.systemctl("stop")
    shown = service.machine.show(UNIT, "ActiveState", "Result")
    assert shown == {"ActiveState": "inactive", "Result": "success"}
    said = service.machine.journal(UNIT)
    for wrong in ("Traceback", "timed out", "Killing"):
        assert wrong not in said
    service.systemctl("start")
    life.converges()
    after = life.stream()
    assert after.epoch == before.epoch
    assert service.lost_revisions("nova.server") == set()
    service.systemctl("stop")
