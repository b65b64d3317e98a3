# SPDX-License-Identifier: Apache-2.0
"""clouds.yaml, and what is said when it does not have what is needed."""

from pathlib import Path

import pytest

from synchronizer.errors import BadConfiguration
from synchronizer.plugin.openstack import open_cloud
from synchronizer.plugin.openstack.session import access_mark

AUTH = """
    auth:
      auth_url: https://keystone.example/v3
      username: admin
      password: hunter2
      project_name: admin
      user_domain_name: Default
      project_domain_name: Default
"""


@pytest.fixture
def clouds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The clouds.yaml that OS_CLIENT_CONFIG_FILE names; the only one that there is."""
    monkeypatch.chdir(tmp_path)
    for name in ("OS_CLOUD", "OS_AUTH_URL", "OS_USERNAME", "OS_PASSWORD", "OS_REGION_NAME"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "elsewhere.yaml"
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(file))
    return file


def test_what_clouds_yaml_says_is_used(clouds: Path, tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text("")
    clouds.write_text(
        f"clouds:\n  c1:{AUTH}    region_name: R1\n    interface: internal\n"
        f"    cacert: {authority}\n    api_timeout: 33\n    compute_endpoint_override: http://n/v2.1\n"
    )
    access = open_cloud("c1", "compute")
    assert (access.region_name, access.interface, access.timeout) == ("R1", "internal", 33.0)
    assert access.endpoint_override == "http://n/v2.1"
    assert access.session.verify == str(authority)
    assert access.session.timeout == 33.0


def test_arguments_go_before_it(clouds: Path) -> None:
    clouds.write_text(f"clouds:\n  c1:{AUTH}    regions: [R1, R2]\n    api_timeout: 33\n")
    access = open_cloud("c1", "compute", region="R2", interface="admin", timeout=5.0)
    assert (access.region_name, access.interface, access.timeout) == ("R2", "admin", 5.0)


def test_there_is_always_a_timeout(clouds: Path) -> None:
    clouds.write_text(f"clouds:\n  c1:{AUTH}")
    assert open_cloud("c1", "compute").timeout == 120.0


def test_an_unknown_cloud_lists_those_that_there_are(clouds: Path) -> None:
    clouds.write_text(f"clouds:\n  c1:{AUTH}\n  c2:{AUTH}")
    with pytest.raises(BadConfiguration, match=r"no cloud 'c3' in .*\(there are: c1, c2\)"):
        open_cloud("c3", "compute")


def test_a_clouds_yaml_without_clouds_lists_none(clouds: Path) -> None:
    clouds.write_text("clouds: {}\n")
    with pytest.raises(BadConfiguration, match="there are: none"):
        open_cloud("c1", "compute")


def test_no_clouds_yaml_says_where_it_may_be(clouds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openstack.config.loader.CONFIG_FILES", [])
    monkeypatch.setattr("synchronizer.plugin.openstack.session.CONFIG_FILES", [])
    assert not clouds.exists()
    with pytest.raises(BadConfiguration, match="name it in OS_CLIENT_CONFIG_FILE"):
        open_cloud("c1", "compute")


def test_a_missing_option_is_named(clouds: Path) -> None:
    clouds.write_text("clouds:\n  c1:\n    auth:\n      username: admin\n")
    with pytest.raises(BadConfiguration, match="auth_url"):
        open_cloud("c1", "compute")


@pytest.mark.parametrize("text", ["clouds:\n  c1:\n", "clouds: {c1: hunter2}"])
def test_a_cloud_with_nothing_below_it_is_told(clouds: Path, text: str) -> None:
    clouds.write_text(text)
    with pytest.raises(BadConfiguration, match=r"'c1' in .*elsewhere\.yaml has nothing below it"):
        open_cloud("c1", "compute")


def test_an_unknown_region_is_told(clouds: Path) -> None:
    clouds.write_text(f"clouds:\n  c1:{AUTH}    regions: [R1, R2]\n")
    with pytest.raises(BadConfiguration, match="R3"):
        open_cloud("c1", "compute", region="R3")


def test_an_unknown_kind_of_authentication_is_told(clouds: Path) -> None:
    clouds.write_text(f"clouds:\n  c1:{AUTH}    auth_type: telepathy\n")
    with pytest.raises(BadConfiguration, match="telepathy"):
        open_cloud("c1", "compute")


@pytest.mark.parametrize("text", ["clouds:\n  c1: {password: hunter2", "clouds:\n\tc1: hunter2\n"])
def test_broken_yaml_is_told_without_its_text(
    clouds: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    clouds.write_text(text)
    with pytest.raises(BadConfiguration, match=r"elsewhere\.yaml is not valid YAML") as caught:
        open_cloud("c1", "compute")
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize("text", ["hunter2", "clouds: [c1]\n", "- c1\n"])
def test_a_file_of_another_shape_is_told(clouds: Path, text: str) -> None:
    clouds.write_text(text)
    with pytest.raises(BadConfiguration) as caught:
        open_cloud("c1", "compute")
    assert "hunter2" not in str(caught.value)


def test_the_mark_of_an_access_is_another_with_another_credential_and_shows_none(
    clouds: Path,
) -> None:
    clouds.write_text(f"clouds:\n  c1:{AUTH}")
    before = access_mark("c1")
    assert access_mark("c1") == before
    clouds.write_text(f"clouds:\n  c1:{AUTH}".replace("hunter2", "hunter3"))
    assert access_mark("c1") != before
    assert "hunter" not in before


@pytest.mark.parametrize("text", ["clouds: {c1: {auth: {password: hunter2", "", "clouds: {c1: {}}"])
def test_what_a_half_written_secure_yaml_leaves_is_no_access(
    clouds: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    secure = clouds.parent / "passwords.yaml"
    monkeypatch.setenv("OS_CLIENT_SECURE_FILE", str(secure))
    clouds.write_text(f"clouds:\n  c1:{AUTH}".replace("      password: hunter2\n", ""))
    secure.write_text("clouds: {c1: {auth: {password: hunter2}}}")
    assert access_mark("c1")
    secure.write_text(text)
    with pytest.raises(BadConfiguration, match=r"lacks: password in auth, here or in secure\.yaml"):
        access_mark("c1")
