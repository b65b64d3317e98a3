# SPDX-License-Identifier: Apache-2.0
"""What every plugin's section may hold beside its own settings."""

import pathlib

import pytest
from oslo_config import cfg

from synchronizer import conf, errors
from synchronizer.conf.differences import values
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


@pytest.mark.parametrize("installed", [[], [PluginInfo("racks", "here 1", error="broken")]])
def test_settings_of_a_plugin_that_is_not_known_are_shown_to_nobody(
    tmp_path: pathlib.Path, installed: list[PluginInfo]
) -> None:
    text = "[DEFAULT]\nclouds = one\n[cloud:one]\nplugins = racks\nkey = hushhush\n"
    options = cfg.ConfigOpts()
    file = written(tmp_path, f"{text}[racks]\ncert = a\ncert_file = hushhush\n")
    plugins = of_nova(read([file], options, installed))
    assert plugins["one"].values == {"key": "hushhush", "cert": "a", "cert_file": "hushhush"}
    assert "hushhush" not in {value.shown() for value in values(options).values()}


def test_a_plugin_without_settings_takes_none(tmp_path: pathlib.Path) -> None:
    text = "[DEFAULT]\nclouds = one\n[cloud:one]\nplugins = bare\n[bare]\nkey = 1\n"
    with pytest.raises(errors.BadConfiguration, match=r"option key in \[bare\] is not known"):
        conf.load([written(tmp_path, text)], declarations={"bare": ()})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("clouds = one, two, one\n", "the option clouds names one and one"),
        ("clouds = one, One\n", "the option clouds names one and One"),
        ("clouds = one\n[cloud:one]\nplugins = nova, nova\n", r"plugins of \[cloud:one\] names"),
    ],
)
def test_what_is_named_twice_is_refused(tmp_path: pathlib.Path, text: str, told: str) -> None:
    with pytest.raises(errors.BadConfiguration, match=told):
        conf.load([written(tmp_path, f"[DEFAULT]\n{text}")])
