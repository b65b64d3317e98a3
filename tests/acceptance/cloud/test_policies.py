# SPDX-License-Identifier: Apache-2.0
"""The policies in etc/policy: who has their role sees all that an administrator does, and can do
nothing with it."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openstack
import pytest

from synchronizer.ledger import Ledger
from synchronizer.model import EntityType
from synchronizer.plugin import Plugin, PluginContext
from synchronizer.plugin.loader import make
from tests.acceptance.cloud.outsider import outsider
from tests.acceptance.cloud.reader import (
    NAME,
    POLICIES,
    SECOND_PART,
    SERVICES,
    SETTINGS,
    policies,
    policy,
    reader,
)
from tests.acceptance.cloud.running import RunningCloud
from tests.acceptance.cloud.writes import REFUSED, requests
from tests.cloud.errors import NotInstalledError
from tests.cloud.install import require
from tests.cloud.settings import cache
from tests.functional.openstack.sampled import Sampled, Time
from tests.support.waiting import until

PATIENCE = 180
#: Types of which the cloud has none.
NONE = {"cinder.backup"}
#: What the first part of nova.yaml is for.
FIRST_PART = {"nova.server", "nova.hypervisor", "nova.service", "nova.aggregate"}


@pytest.fixture(scope="module")
def clouds(whole: RunningCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A clouds.yaml with the administrator and the reader; the policies hold."""
    file = tmp_path_factory.mktemp("policies") / "clouds.yaml"
    with outsider(whole) as someone:
        someone.share()
        with policies(whole), reader(whole, file):
            yield file


@pytest.fixture
def plugins(clouds: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator["Plugins"]:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds))
    made = Plugins()
    yield made
    for plugin in made.all:
        plugin.close()


class Plugins:
    def __init__(self) -> None:
        self.all: list[Plugin] = []

    def make(self, name: str, entry: str) -> Plugin:
        plugin = make(name, lambda _name, _class: PluginContext(entry, SETTINGS.get(name, {})))
        self.all.append(plugin)
        return plugin


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    opened = Ledger.open(url, state_path=tmp_path / "state", migrate=True)
    yield opened
    opened.close()


def listed(plugin: Plugin, type_: EntityType) -> dict[str, Any]:
    """All entities by id, without what moves by itself."""
    found = {}
    for page in plugin.get_all(type_):
        for item in page.items:
            entity = json.loads(bytes(item))
            kept = {name: value for name, value in entity.items() if name not in type_.volatile}
            found[kept[type_.id_field]] = kept
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_the_role_sees_what_an_administrator_sees(
    service: str, whole: RunningCloud, plugins: Plugins, ledger: Ledger
) -> None:
    ours, administrators = plugins.make(service, NAME), plugins.make(service, whole.name)
    assert list(ours.check())
    time = Time()
    for type_ in ours.types():
        seen: dict[str, Any] = {}

        def agree(type_: EntityType = type_, seen: dict[str, Any] = seen) -> bool:
            seen.clear()
            seen.update(listed(ours, type_))
            return seen == listed(administrators, type_)

        # What runs may change between two listings; what is hidden stays hidden.
        until(f"all of {type_.name}", agree, PATIENCE, 1.0)
        assert seen or type_.name in NONE, f"there is no {type_.name} to see"
        sampled = Sampled(ledger, ours, type_, time)
        until(f"the proof of {type_.name}", lambda s=sampled: s.look(after=61), PATIENCE, 1.0)  # type: ignore[misc]


@pytest.mark.parametrize("service", SERVICES)
def test_the_role_may_change_nothing(
    service: str, whole: RunningCloud, clouds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds))
    reader = openstack.connect(cloud=NAME).session
    asked = [(r, r.send(reader)) for r in requests(service, whole.cloud.connect())]
    allowed = [f"{r.method} {r.path}: {status}" for r, status in asked if status not in REFUSED]
    assert not allowed
    assert asked


def test_servers_and_their_hosts_need_the_first_part_of_novas_file_alone(
    whole: RunningCloud, plugins: Plugins
) -> None:
    file = whole.cloud.settings.policies / "nova.yaml"
    file.write_text(policy("nova").partition(SECOND_PART)[0])
    try:
        ours, administrators = plugins.make("nova", NAME), plugins.make("nova", whole.name)
        for type_ in ours.types():
            if type_.name in FIRST_PART:
                until(
                    f"all of {type_.name}",
                    lambda t=type_: listed(ours, t) == listed(administrators, t),  # type: ignore[misc]
                    PATIENCE,
                    1.0,
                )
    finally:
        file.write_text(policy("nova"))


@pytest.mark.parametrize("service", SERVICES)
def test_a_file_gives_nothing_beyond_what_it_names(service: str) -> None:
    """By all policies that the service has, which no test of requests could try."""
    try:
        venv = require(cache())
    except NotInstalledError as error:
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(str(error))
        pytest.skip(str(error))
    tool = [venv / "bin" / "python", "-W", "ignore", POLICIES / "excess.py"]
    done = subprocess.run(
        [*tool, service, POLICIES / f"{service}.yaml"],
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
