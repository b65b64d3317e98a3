# SPDX-License-Identifier: Apache-2.0
"""What every plugin's section may hold beside its own settings."""

import pathlib

import pytest

from synchronizer import conf, errors
from synchronizer.daemon.main import read
from synchronizer.plugin import Setting
from synchronizer.plugin.loader import PluginInfo

DECLARED = {"nova": (Setting("page_size", 0, "How many."),)}
NOVA = PluginInfo("nova", "here 1", types=("nova.server", "nova.flavor"), settings=DECLARED["nova"])


def written(path: pathlib.Path, text: str) -> pathlib.Path:
    file = path / "synchronizer.conf"
    file.write_text(text)
    return file


def of_nova(settings: conf.Settings) -> dict[str, conf.PluginSettings]:
    return {cloud.name: cloud.plugins[0] for cloud in settings.clouds}


def test_all_types_are_sampled_unless_some_are_named(tmp_path: pathlib.Path) -> None:
    text = "[DEFAULT]\nclouds = one, two\n[cloud:two:nova]\ntypes = nova.server\npage_size = 7\n"
    plugins = of_nova(conf.load([written(tmp_path, text)], declarations=DECLARED))
    assert plugins["one"].types is None
    assert plugins["two"].types == {"nova.server"}
    assert plugins["two"].values == {"page_size": 7}


def test_what_all_plugins_take_is_no_setting_of_one_that_is_not_known(
    tmp_path: pathlib.Path,
) -> None:
    text = "[DEFAULT]\nclouds = one\n[nova]\ntypes = nova.server\nown = 7\n"
    (plugin,) = of_nova(conf.load([written(tmp_path, text)])).values()
    assert plugin.types == {"nova.server"}
    assert plugin.values == {"own": "7"}


def test_a_type_that_the_plugin_has_not_is_refused_with_a_suggestion(
    tmp_path: pathlib.Path,
) -> None:
    text = "[DEFAULT]\nclouds = one\n[nova]\ntypes = nova.sever\n"
    with pytest.raises(errors.BadConfiguration) as caught:
        read([written(tmp_path, text)], plugins=[NOVA])
    for word in ("nova.sever", "did you mean nova.server", "[cloud:one:nova]"):
        assert word in str(caught.value)
