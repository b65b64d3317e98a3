# SPDX-License-Identifier: Apache-2.0
"""A real Keystone takes each form of credential that clouds.yaml may have."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from synchronizer.plugin import Plugin, PluginContext
from synchronizer.plugin.loader import make
from tests.acceptance.cloud.outsider import ENTRY, Outsider, outsider
from tests.acceptance.cloud.running import RunningCloud
from tests.cloud.settings import PASSWORD


@pytest.fixture(scope="module")
def someone(world: RunningCloud) -> Iterator[Outsider]:
    with outsider(world) as found:
        yield found


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator["Plugins"]:
    made = Plugins(tmp_path, monkeypatch)
    yield made
    made.close()


class Plugins:
    """Makes plugins for an entry of clouds.yaml."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._file = path / "clouds.yaml"
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(self._file))
        self._made: list[Plugin] = []

    def make(self, name: str, auth: dict[str, Any], **entry: Any) -> Plugin:
        whole = {"region_name": "RegionOne", "auth": auth, **entry}
        self._file.write_text(json.dumps({"clouds": {ENTRY: whole}}))
        plugin = make(name, lambda _name, _class: PluginContext(ENTRY))
        self._made.append(plugin)
        return plugin

    def close(self) -> None:
        for plugin in self._made:
            plugin.close()


def ids(plugin: Plugin, name: str) -> set[str]:
    (type_,) = (found for found in plugin.types() if found.name == name)
    return {json.loads(bytes(item))["id"] for page in plugin.get_all(type_) for item in page.items}


def test_an_application_credential_sees_all(
    world: RunningCloud, someone: Outsider, plugins: Plugins
) -> None:
    own: Any = someone.admin.connect_as(
        username=someone.name, password=PASSWORD, project_name=someone.name
    )
    user = own.current_user_id
    made = own.identity.create_application_credential(user, name=someone.name)
    auth = {
        "auth_url": world.auth_url,
        "application_credential_id": made.id,
        "application_credential_secret": made.secret,
    }
    kind = {"auth_type": "v3applicationcredential"}
    plugin = plugins.make("keystone", auth, **kind)
    assert someone.project.id in ids(plugin, "keystone.project")
    images = ids(plugins.make("glance", auth, **kind), "glance.image")
    assert {image.id for image in someone.admin.image.images(visibility="public")} <= images


def test_a_reader_of_the_whole_system_sees_all_of_keystone(
    world: RunningCloud, someone: Outsider, plugins: Plugins
) -> None:
    keystone = someone.admin.identity
    reader = keystone.find_role("reader") or keystone.create_role(name="reader")
    keystone.assign_system_role_to_user(someone.user, reader, "all")
    auth = {
        "auth_url": world.auth_url,
        "username": someone.name,
        "password": PASSWORD,
        "user_domain_name": "Default",
        "system_scope": "all",
    }
    plugin = plugins.make("keystone", auth)
    assert list(plugin.check())
    expected = {project.id for project in keystone.projects()}
    assert someone.project.id in ids(plugin, "keystone.project") & expected
    assert {user.id for user in keystone.users()} & ids(plugin, "keystone.user")
