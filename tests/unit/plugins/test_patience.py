# SPDX-License-Identifier: Apache-2.0
"""How long an OpenStack service may keep a worker waiting before that counts as hung."""

import pathlib

import pytest

from synchronizer import errors
from synchronizer.conf import load
from synchronizer.plugin import PluginContext
from synchronizer_plugins.nova.plugin import NovaPlugin


@pytest.fixture
def clouds_yaml(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    file = tmp_path / "clouds.yaml"
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(file))
    auth = "auth: {auth_url: 'http://127.0.0.1:1/v3', username: me, password: secret}"
    file.write_text(f"clouds:\n  one: {{api_timeout: 500, {auth}}}\n  two: {{{auth}}}\n")
    return file


def test_a_hang_of_75_seconds_is_far_from_it_with_the_defaults(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "synchronizer.conf"
    file.write_text("[DEFAULT]\nclouds = one\n")
    plugin = NovaPlugin(PluginContext("one"))
    assert plugin.patience >= 4 * 120.0
    assert load([file]).monitor.hang_timeout == 120.0


def test_it_follows_the_time_out_of_a_request() -> None:
    assert NovaPlugin(PluginContext("one", {"timeout": 2.0})).patience == 10.0


def test_a_time_out_of_the_cloud_counts_from_the_first_request_on(
    clouds_yaml: pathlib.Path,
) -> None:
    plugin = NovaPlugin(PluginContext("one"))
    with pytest.raises(errors.SourceUnavailable):
        next(iter(plugin.get_all(plugin.types()[0])))
    assert plugin.patience == 5 * 500.0
