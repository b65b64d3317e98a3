# SPDX-License-Identifier: Apache-2.0
"""Which budget the processes of a daemon share."""

from pathlib import Path

import pytest

from synchronizer import errors
from synchronizer.budget import Limits
from synchronizer.conf import Settings, load
from synchronizer.daemon.ondemand import ConfiguredSources
from synchronizer.daemon.sources import budget_of, limits_of, made
from synchronizer.model import StreamKey
from synchronizer.plugin.budget import Purpose, Stopped
from synchronizer.plugin.loader import PluginInfo

NOVA = PluginInfo("nova", "here 1", types=("nova.server", "nova.flavor"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    file = tmp_path / "synchronizer.conf"
    file.write_text(
        f"[DEFAULT]\nclouds = one, two\nstate_path = {tmp_path}\nruntime_path = {tmp_path}\n"
        "[nova]\nmax_in_flight = 7\n[cloud:two:nova]\nrequests_per_minute = 9\n"
    )
    return load([file])


def test_the_budget_is_as_configured(settings: Settings) -> None:
    one, two = (cloud.plugins[0] for cloud in settings.clouds)
    assert limits_of(one) == Limits(7, 600)
    assert limits_of(two) == Limits(7, 9)


def test_worker_and_snapshot_server_share_a_service_s_budget(settings: Settings) -> None:
    sources = ConfiguredSources(settings, [NOVA])
    server = sources.make(StreamKey("one", "nova.server")).plugin
    flavor = sources.make(StreamKey("one", "nova.flavor")).plugin
    other = sources.make(StreamKey("two", "nova.server")).plugin
    assert server.context.budget is flavor.context.budget
    assert server.context.budget is not other.context.budget
    worker = budget_of(settings, "one", settings.clouds[0].plugins[0])
    server.context.budget.pause(500)
    assert worker._attempt(Purpose.LOOK, 0.0) > 0
    worker.close()
    sources.close()


def test_after_the_stop_no_listing_waits_for_a_budget(settings: Settings) -> None:
    sources = ConfiguredSources(settings, [NOVA])
    early = sources.make(StreamKey("one", "nova.server")).plugin
    sources.stop()
    late = sources.make(StreamKey("two", "nova.server")).plugin
    for plugin in (early, late):
        with pytest.raises(Stopped), plugin.context.budget.request():
            raise AssertionError
    sources.close()


def test_a_plugin_that_is_not_installed_is_told(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "other.conf"
    file.write_text("[DEFAULT]\nclouds = one\n[cloud:one]\nplugins = nowhere\n")
    (plugin,) = load([file]).clouds[0].plugins
    with pytest.raises(errors.BadPlugin, match="nowhere"):
        made("one", plugin, budget_of(settings, "one", plugin))
