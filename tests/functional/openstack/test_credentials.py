# SPDX-License-Identifier: Apache-2.0
"""Each form of credential that clouds.yaml may have, down to what Keystone is asked with."""

import json
from pathlib import Path
from typing import Any

import pytest

from synchronizer.plugin import BadConfiguration
from tests.functional.openstack.conftest import MakePlugin
from tests.functional.openstack.fleet import OWN, Fleet
from tests.functional.openstack.plugin import FleetPlugin

LINKED = FleetPlugin.kinds[0].type
USER = {"username": "admin", "user_domain_name": "Default"}
WITH_PROJECT = {**USER, "project_name": "own", "project_domain_name": "Default"}


def asked(fleet: Fleet, plugin: FleetPlugin) -> dict[str, Any]:
    """Lists with a new token; what Keystone was asked with."""
    fleet.launch("a", project=OWN)
    (page,) = plugin.get_all(LINKED)
    assert len(page.items) == 1
    (login,) = fleet.logins
    auth: dict[str, Any] = login["auth"]
    return auth


def test_a_password(fleet: Fleet, make_plugin: MakePlugin) -> None:
    plugin = make_plugin()
    auth = asked(fleet, plugin)
    assert auth["identity"]["password"]["user"]["password"] == "secret"
    assert auth["scope"]["project"]["name"] == "own"
    assert plugin.own_scope() == OWN


def test_an_application_credential(fleet: Fleet, make_plugin: MakePlugin) -> None:
    plugin = make_plugin(
        {"application_credential_id": "ac1", "application_credential_secret": "hush"},
        auth_type="v3applicationcredential",
    )
    auth = asked(fleet, plugin)
    assert auth["identity"]["application_credential"] == {"id": "ac1", "secret": "hush"}
    assert "scope" not in auth


def test_a_scope_of_the_whole_system(fleet: Fleet, make_plugin: MakePlugin) -> None:
    plugin = make_plugin({**USER, "password": "secret", "system_scope": "all"})
    assert asked(fleet, plugin)["scope"] == {"system": {"all": True}}
    assert plugin.own_scope() is None  # so every entity of a project vouches


def test_a_password_that_is_in_secure_yaml(
    fleet: Fleet, make_plugin: MakePlugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secure = tmp_path / "secure.yaml"
    secure.write_text(json.dumps({"clouds": {"c1": {"auth": {"password": "from-secure"}}}}))
    monkeypatch.setenv("OS_CLIENT_SECURE_FILE", str(secure))
    auth = asked(fleet, make_plugin(WITH_PROJECT))
    assert auth["identity"]["password"]["user"]["password"] == "from-secure"


def test_a_second_region(fleet: Fleet, make_plugin: MakePlugin) -> None:
    fleet.endpoints = {"fleet": "RegionOne RegionTwo"}
    fleet.launch("a", project=OWN)
    for region in ("RegionOne", "RegionTwo"):
        fleet.requests.clear()
        regions = {"regions": ["RegionOne", "RegionTwo"], "region_name": None}
        list(make_plugin(settings={"region": region}, **regions).get_all(LINKED))
        assert {path.split("/")[2] for path, _ in fleet.requests} == {region}


def test_a_region_of_clouds_yaml(fleet: Fleet, make_plugin: MakePlugin) -> None:
    fleet.endpoints = {"fleet": "RegionOne RegionTwo"}
    list(make_plugin(region_name="RegionTwo").get_all(LINKED))
    assert {path.split("/")[2] for path, _ in fleet.requests} == {"RegionTwo"}


def test_another_entry_of_clouds_yaml(
    fleet: Fleet, make_plugin: MakePlugin, tmp_path: Path
) -> None:
    plugin = make_plugin(settings={"os_cloud": "other"})
    with pytest.raises(BadConfiguration, match="no cloud 'other'"):
        list(plugin.get_all(LINKED))
    file = tmp_path / "clouds.yaml"
    known = json.loads(file.read_text())["clouds"]
    file.write_text(json.dumps({"clouds": {"other": known["c1"]}}))
    assert asked(fleet, plugin)["scope"]["project"]["name"] == "own"


@pytest.mark.parametrize(
    ("auth", "lacking"),
    [(WITH_PROJECT, "password"), ({"password": "secret"}, "username")],
)
def test_what_a_credential_lacks_is_said_without_asking(
    fleet: Fleet, make_plugin: MakePlugin, auth: dict[str, str], lacking: str
) -> None:
    with pytest.raises(BadConfiguration) as failed:
        list(make_plugin(auth).get_all(LINKED))
    assert f"lacks: {lacking}" in str(failed.value)
    assert "secret" not in str(failed.value)
    assert fleet.logins == []
