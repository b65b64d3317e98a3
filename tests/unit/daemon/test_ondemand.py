# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from synchronizer import errors
from synchronizer.conf import Settings, load
from synchronizer.daemon.ondemand import ConfiguredSources
from synchronizer.model import StreamKey
from synchronizer.plugin.loader import PluginInfo

NOVA = PluginInfo("nova", "here 1", service="nova", types=("nova.server",), version="1")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    file = tmp_path / "synchronizer.conf"
    file.write_text(
        f"[DEFAULT]\nclouds = one, two\nstate_path = {tmp_path}\nruntime_path = {tmp_path}\n"
        "[cloud:one]\nplugins = nova\n[cloud:two]\nplugins = gone\n"
        "[cloud:one:nova.server]\nsettle = 7\n"
    )
    return load([file])


def test_a_process_lists_what_is_configured_and_installed(settings: Settings) -> None:
    sources = ConfiguredSources(settings, [NOVA])
    assert sources.has(StreamKey("one", "nova.server"))
    assert not sources.has(StreamKey("two", "nova.server"))  # without this plugin
    assert not sources.has(StreamKey("two", "gone.thing"))  # which is not installed
    assert not sources.has(StreamKey("three", "nova.server"))


def test_a_broken_plugin_lists_nothing(settings: Settings) -> None:
    broken = PluginInfo("nova", "here 1", types=("nova.server",), error="it cannot be imported")
    assert not ConfiguredSources(settings, [broken]).has(StreamKey("one", "nova.server"))


def test_a_source_goes_by_the_workers_settings(settings: Settings) -> None:
    source = ConfiguredSources(settings, [NOVA]).make(StreamKey("one", "nova.server"))
    assert source.settings.settle == 7
    assert source.plugin.context.cloud == "one"
    source.plugin.close()


def test_a_plugin_that_went_away_is_told(settings: Settings) -> None:
    gone = PluginInfo("gone", "here 1", types=("gone.thing",))
    with pytest.raises(errors.BadPlugin, match="plugin gone"):
        ConfiguredSources(settings, [gone]).make(StreamKey("two", "gone.thing"))


def test_a_process_lists_no_type_that_is_not_sampled(tmp_path: Path) -> None:
    file = tmp_path / "synchronizer.conf"
    file.write_text("[DEFAULT]\nclouds = one\n[nova]\ntypes = nova.flavor\n")
    both = PluginInfo("nova", "here 1", types=("nova.server", "nova.flavor"))
    sources = ConfiguredSources(load([file]), [both])
    assert sources.has(StreamKey("one", "nova.flavor"))
    assert not sources.has(StreamKey("one", "nova.server"))
