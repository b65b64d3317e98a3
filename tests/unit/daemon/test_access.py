# SPDX-License-Identifier: Apache-2.0
"""What plugins find beside the configuration, and whether anything can be sampled with it."""

import pathlib

import pytest

from synchronizer import conf, errors
from synchronizer.daemon.access import Access, access_of, others

OF = ("one", "nova")


@pytest.fixture(autouse=True)
def clouds(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    file = tmp_path / "clouds.yaml"
    file.write_text(entry("hushhush"))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(file))
    return file


def entry(password: str) -> str:
    auth = f"auth_url: 'http://127.0.0.1:1/v3', username: me, password: {password}"
    return f"clouds: {{one: {{auth: {{{auth}}}}}}}"


def access(path: pathlib.Path, text: str = "") -> Access:
    file = path / "synchronizer.conf"
    file.write_text(f"[DEFAULT]\nclouds = one\n{text}")
    return access_of(conf.load([file]))


def test_another_password_is_another_access(tmp_path: pathlib.Path, clouds: pathlib.Path) -> None:
    before = access(tmp_path)
    assert others(before, access(tmp_path)) == []
    clouds.write_text(entry("another"))
    assert others(before, access(tmp_path)) == [OF]
    assert "hushhush" not in str(before)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[nova.server]\nvolatile = id\n", "id is the id"),
        ("[cloud:one:nova.server]\nsensitive = tenant_id\n", "tells whose an entity is"),
        ("[nova]\npage_size = some\n", "page_size"),
    ],
)
def test_what_nothing_could_be_sampled_with_is_refused_by_a_daemon_that_runs(
    tmp_path: pathlib.Path, text: str, told: str
) -> None:
    with pytest.raises(errors.BadConfiguration, match=told):
        others(access(tmp_path), access(tmp_path, text))
    assert others(access(tmp_path, text), access(tmp_path, text)) == []


def test_whatever_a_plugin_raises_is_an_error_of_its_own(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = access(tmp_path)

    def fail(_: object) -> object:
        raise RuntimeError("no such rack")

    monkeypatch.setattr("synchronizer.plugin.openstack.plugin.OpenStackPlugin.access", fail)
    after = access(tmp_path)
    assert others(after, after) == []
    with pytest.raises(errors.BadConfiguration, match=r"plugin nova: RuntimeError: no such rack"):
        others(before, after)
