# SPDX-License-Identifier: Apache-2.0
"""At which microversion Nova is read, and that it is one and the same."""

import logging

import pytest

from synchronizer.plugin import (
    BadAnswer,
    BadConfiguration,
    NotPermitted,
    SourceBusy,
    SourceUnavailable,
)
from synchronizer.simulator import Fault, Running
from synchronizer_plugins.nova.kinds import SERVER
from synchronizer_plugins.nova.plugin import NovaPlugin
from tests.functional.nova.conftest import MakePlugin
from tests.functional.nova.scripted import Scripted, fault, page, server


def used(cloud: Scripted) -> list[str]:
    return [request.headers["OpenStack-API-Version"] for request in cloud.requests]


def test_the_highest_that_both_know_is_discovered_once(cloud: Scripted, told: NovaPlugin) -> None:
    cloud.max_version = "2.79"
    cloud.answers = [page(server("a"), server("b"), next_="b"), page()]
    list(told.get_all(SERVER))
    list(told.get_changes(SERVER, 0))
    assert set(used(cloud)) == {"compute 2.79"}
    assert cloud.version_requests == 1


def test_one_that_novaclient_does_not_know_is_not_used_by_itself(
    cloud: Scripted, told: NovaPlugin
) -> None:
    cloud.max_version = "2.999"
    cloud.answers = [page()]
    list(told.get_all(SERVER))
    assert used(cloud) == ["compute 2.96"]


def test_the_configured_one_is_used(cloud: Scripted, make_plugin: MakePlugin) -> None:
    cloud.answers = [page()]
    list(make_plugin(cloud.auth_url, microversion="2.75").get_all(SERVER))
    assert used(cloud) == ["compute 2.75"]


def test_a_configured_one_that_nova_lacks_is_a_bad_configuration(
    cloud: Scripted, make_plugin: MakePlugin
) -> None:
    cloud.max_version = "2.60"
    with pytest.raises(BadConfiguration, match="isn't supported by server"):
        list(make_plugin(cloud.auth_url, microversion="2.75").get_all(SERVER))


@pytest.mark.parametrize("nonsense", ["two", "3.1", "2", "2.0", "2.x"])
def test_a_configured_one_that_cannot_be_is_a_bad_configuration(
    make_plugin: MakePlugin, nonsense: str
) -> None:
    with pytest.raises(BadConfiguration, match="microversion"):
        make_plugin("http://127.0.0.1:9/v3", microversion=nonsense)


def test_one_that_nova_no_longer_offers_is_discovered_again(
    cloud: Scripted, told: NovaPlugin
) -> None:
    cloud.answers = [
        page(),
        fault(406, "computeFault", "Version 2.96 is not supported by the API."),
        page(),
    ]
    list(told.get_all(SERVER))
    with pytest.raises(SourceUnavailable, match=r"no longer offers microversion 2\.96"):
        list(told.get_all(SERVER))
    cloud.max_version = "2.90"
    list(told.get_all(SERVER))
    assert used(cloud) == ["compute 2.96", "compute 2.96", "compute 2.90"]


def test_a_configured_one_that_nova_no_longer_offers_is_a_bad_configuration(
    cloud: Scripted, make_plugin: MakePlugin
) -> None:
    cloud.answers = [fault(406, "computeFault", "Version 2.75 is not supported by the API.")]
    with pytest.raises(BadConfiguration, match=r"microversion 2\.75"):
        list(make_plugin(cloud.auth_url, microversion="2.75").get_all(SERVER))


def test_an_answer_at_another_microversion_is_a_bad_answer(
    cloud: Scripted, told: NovaPlugin
) -> None:
    answer = page(server("a"))
    answer.headers = {"OpenStack-API-Version": "compute 2.1"}
    cloud.answers = [answer]
    with pytest.raises(BadAnswer, match=r"compute 2\.1"):
        list(told.get_all(SERVER))


def test_a_nova_without_down_cell_records_is_told_of(
    cloud: Scripted, told: NovaPlugin, caplog: pytest.LogCaptureFixture
) -> None:
    cloud.max_version = "2.60"
    cloud.answers = [page()]
    with caplog.at_level(logging.INFO):
        list(told.get_all(SERVER))
    assert "below microversion 2.69" in caplog.text


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, SourceUnavailable), (403, NotPermitted), (429, SourceBusy), (503, SourceUnavailable)],
)
def test_a_failing_discovery_is_told_by_its_status(
    plugin: NovaPlugin, simulated: Running, status: int, error: type[Exception]
) -> None:
    simulated.control.add_fault(
        Fault(kind="error", status=status, path="/compute", operations=frozenset({"versions"}))
    )
    with pytest.raises(error):
        list(plugin.get_all(SERVER))


def test_a_discovery_that_meets_a_proxys_page_is_no_answer(
    plugin: NovaPlugin, simulated: Running
) -> None:
    simulated.control.add_fault(Fault(kind="html", status=200, path="/compute"))
    with pytest.raises(SourceUnavailable):
        list(plugin.get_all(SERVER))


def test_a_failed_discovery_is_tried_again(plugin: NovaPlugin, simulated: Running) -> None:
    simulated.control.add_fault(Fault(kind="error", status=503, path="/compute", count=1))
    with pytest.raises(SourceUnavailable):
        list(plugin.get_all(SERVER))
    assert sum(len(each.items) for each in plugin.get_all(SERVER)) == 25


def test_check_says_what_works(plugin: NovaPlugin, simulated: Running) -> None:
    lines = list(plugin.check())
    assert lines[0] == f"nova: endpoint {simulated.compute_url}"
    assert lines[1] == "nova: microversion 2.96"
    assert "roles admin" in lines[2]
    assert lines[3] == "nova: nova.server can be listed"


def test_check_raises_what_does_not(simulated: Running, make_plugin: MakePlugin) -> None:
    lines = iter(make_plugin(simulated.auth_url, user="demo1").check())
    assert "microversion" in [next(lines), next(lines)][1]
    with pytest.raises(NotPermitted, match="get_all_tenants"):
        list(lines)


def test_negative_settings_are_a_bad_configuration(make_plugin: MakePlugin) -> None:
    with pytest.raises(BadConfiguration, match="negative"):
        make_plugin("http://127.0.0.1:9/v3", page_size=-1)


def test_close_lets_a_later_request_connect_anew(plugin: NovaPlugin) -> None:
    next(plugin.get_all(SERVER))
    plugin.close()
    assert len(next(plugin.get_all(SERVER)).items) == 10
