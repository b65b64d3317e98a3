# SPDX-License-Identifier: Apache-2.0
"""Everything that can go wrong between Nova and the plugin, each with its own error."""

import email.utils
import threading
import time
from collections.abc import Iterator

import pytest

from synchronizer.plugin import (
    BadAnswer,
    BadConfiguration,
    NoSuchService,
    NotPermitted,
    SourceBusy,
    SourceUnavailable,
)
from synchronizer.simulator import Fault, Running
from synchronizer.simulator.faults import Operation
from synchronizer_plugins.nova.kinds import SERVER
from synchronizer_plugins.nova.plugin import NovaPlugin
from tests.functional.nova.conftest import MakePlugin
from tests.functional.nova.scripted import Reply, Scripted, fault, html, page, server

LIST: frozenset[Operation] = frozenset({"list"})
AUTH: frozenset[Operation] = frozenset({"auth"})


def test_a_forbidden_listing_is_not_permitted(simulated: Running, make_plugin: MakePlugin) -> None:
    with pytest.raises(NotPermitted, match="get_all_tenants"):
        list(make_plugin(simulated.auth_url, user="demo1").get_all(SERVER))


def test_a_token_that_is_refused_again_after_renewal_is_not_permitted(
    plugin: NovaPlugin, simulated: Running
) -> None:
    simulated.control.add_fault(Fault(kind="error", status=401, operations=LIST))
    with pytest.raises(NotPermitted, match="with a new token, too"):
        list(plugin.get_all(SERVER))
    assert simulated.control.stats()["answers"]["list 401"] == 2


@pytest.mark.parametrize("status", [413, 429])
def test_a_limit_is_a_busy_source_that_says_how_long(
    plugin: NovaPlugin, simulated: Running, status: int
) -> None:
    simulated.control.add_fault(Fault(kind="error", status=status, retry_after=17, operations=LIST))
    with pytest.raises(SourceBusy) as caught:
        list(plugin.get_all(SERVER))
    assert caught.value.retry_after == 17.0


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_error_of_the_service_is_an_unavailable_source(
    plugin: NovaPlugin, simulated: Running, status: int
) -> None:
    simulated.control.add_fault(Fault(kind="error", status=status, operations=LIST))
    with pytest.raises(SourceUnavailable, match=f"answered {status}") as caught:
        list(plugin.get_all(SERVER))
    assert caught.value.retry_after is None


def test_a_503_says_how_long_in_seconds(plugin: NovaPlugin, simulated: Running) -> None:
    simulated.control.add_fault(Fault(kind="error", status=503, retry_after=5, operations=LIST))
    with pytest.raises(SourceUnavailable) as caught:
        list(plugin.get_all(SERVER))
    assert caught.value.retry_after == 5.0


def test_a_503_says_how_long_by_a_date_of_its_own_clock(cloud: Scripted, told: NovaPlugin) -> None:
    def later(_request: object) -> Reply:
        date = email.utils.formatdate(time.time() + 3600, usegmt=True)
        return fault(503, "serviceUnavailable", "Later.", Retry_After=date)

    cloud.answers = [later]
    with pytest.raises(SourceUnavailable) as caught:
        list(told.get_all(SERVER))
    assert caught.value.retry_after is not None
    assert 3500 < caught.value.retry_after <= 3601


@pytest.mark.parametrize("status", [200, 502])
def test_a_proxys_page_is_no_answer(plugin: NovaPlugin, simulated: Running, status: int) -> None:
    simulated.control.add_fault(Fault(kind="html", status=status, operations=LIST))
    with pytest.raises(BadAnswer if status == 200 else SourceUnavailable, match="Bad Gateway"):
        list(plugin.get_all(SERVER))


def test_a_404_of_the_listing_asks_about_the_endpoint(cloud: Scripted, told: NovaPlugin) -> None:
    cloud.answers = [html(404)]
    with pytest.raises(SourceUnavailable, match="endpoint in the catalogue"):
        list(told.get_all(SERVER))


def test_json_that_is_cut_off_is_a_bad_answer(plugin: NovaPlugin, simulated: Running) -> None:
    simulated.control.add_fault(Fault(kind="truncated-json", operations=LIST))
    with pytest.raises(BadAnswer, match="truncated"):
        list(plugin.get_all(SERVER))


def test_a_body_shorter_than_promised_is_a_bad_answer(
    plugin: NovaPlugin, simulated: Running
) -> None:
    simulated.control.add_fault(Fault(kind="truncated-body", operations=LIST))
    with pytest.raises(BadAnswer, match="cut off"):
        list(plugin.get_all(SERVER))


def test_a_body_cut_where_the_json_happens_to_end_is_a_bad_answer(
    cloud: Scripted, told: NovaPlugin
) -> None:
    text = page(server("a")).text
    cloud.answers = [Reply(body=text + b" " * 100, cut=len(text))]
    with pytest.raises(BadAnswer, match="cut off"):
        list(told.get_all(SERVER))


def test_a_connection_that_is_closed_without_an_answer_is_an_unavailable_source(
    plugin: NovaPlugin, simulated: Running
) -> None:
    simulated.control.add_fault(Fault(kind="disconnect", operations=LIST))
    with pytest.raises(SourceUnavailable):
        list(plugin.get_all(SERVER))


def test_no_answer_in_time_is_an_unavailable_source(
    simulated: Running, make_plugin: MakePlugin
) -> None:
    plugin = make_plugin(simulated.auth_url, timeout=0.5)
    simulated.control.add_fault(Fault(kind="hang", operations=LIST, seconds=20))
    with pytest.raises(SourceUnavailable, match="in time"):
        list(plugin.get_all(SERVER))


@pytest.fixture
def never() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


@pytest.mark.timeout(20)
def test_an_answer_that_drips_in_meets_the_deadline_of_the_whole(
    cloud: Scripted, make_plugin: MakePlugin, never: threading.Event
) -> None:
    """Each byte comes in time for requests' own time-out, which would wait for minutes."""
    plugin = make_plugin(cloud.auth_url, timeout=1.0)
    cloud.answers = [Reply(body=b" " * 100_000, drip=never)]
    with pytest.raises(SourceUnavailable, match="was not complete within 1 s"):
        list(plugin.get_all(SERVER))


@pytest.mark.timeout(20)
def test_an_answer_that_stops_in_its_middle_meets_the_deadline(
    cloud: Scripted, make_plugin: MakePlugin
) -> None:
    stop = threading.Event()

    class Stalled(Reply):
        @property
        def text(self) -> bytes:
            return b"{" + b" " * 10

    class Halt(threading.Event):
        """Lets one byte through, then holds the answer back until the test is over."""

        sent = 0

        def wait(self, timeout: float | None = None) -> bool:
            self.sent += 1
            return False if self.sent == 1 else stop.wait()

    plugin = make_plugin(cloud.auth_url, timeout=1.0)
    cloud.answers = [Stalled(drip=Halt())]
    try:
        with pytest.raises(SourceUnavailable, match="was not complete within 1 s"):
            list(plugin.get_all(SERVER))
    finally:
        stop.set()


def test_the_next_request_after_a_failure_succeeds(plugin: NovaPlugin, simulated: Running) -> None:
    for kind in ("truncated-body", "disconnect", "html"):
        simulated.control.add_fault(Fault(kind=kind, operations=LIST, count=1))
        with pytest.raises(SourceUnavailable):
            list(plugin.get_all(SERVER))
    assert sum(len(each.items) for each in plugin.get_all(SERVER)) == 25


def test_connections_are_reused_from_page_to_page(plugin: NovaPlugin, simulated: Running) -> None:
    list(plugin.get_all(SERVER))
    session = plugin._connection.service()._adapter.session.session
    pools = session.get_adapter(simulated.compute_url).inner.poolmanager.pools
    assert sum(pools[key].num_connections for key in pools.keys()) == 1  # noqa: SIM118


# --- Keystone and the catalogue -------------------------------------------


def test_a_wrong_password_is_not_permitted(simulated: Running, make_plugin: MakePlugin) -> None:
    plugin = make_plugin(simulated.auth_url, password="wrong")
    with pytest.raises(NotPermitted, match="refuses the credentials"):
        list(plugin.get_all(SERVER))


def test_a_keystone_that_fails_is_an_unavailable_source(
    plugin: NovaPlugin, simulated: Running
) -> None:
    simulated.control.add_fault(Fault(kind="error", status=503, retry_after=9, operations=AUTH))
    with pytest.raises(SourceUnavailable, match="keystone") as caught:
        list(plugin.get_all(SERVER))
    assert caught.value.retry_after == 9.0


def test_a_keystone_that_does_not_listen_is_an_unavailable_source(make_plugin: MakePlugin) -> None:
    with pytest.raises(SourceUnavailable):
        list(make_plugin("http://127.0.0.1:9/identity/v3").get_all(SERVER))


@pytest.mark.parametrize(
    "answer",
    [html(201), Reply(201, {}), Reply(201, {"token": {}}), Reply(201, b'{"token":')],
    ids=["html", "empty", "no header", "cut"],
)
def test_a_keystone_that_talks_nonsense_is_an_unavailable_source(
    cloud: Scripted, told: NovaPlugin, answer: Reply
) -> None:
    cloud.keystone = answer
    with pytest.raises(SourceUnavailable):
        list(told.get_all(SERVER))


def test_a_catalogue_without_nova_is_said(cloud: Scripted, told: NovaPlugin) -> None:
    cloud.endpoints = ["image"]
    with pytest.raises(NoSuchService, match="no endpoint of nova"):
        list(told.get_all(SERVER))


def test_an_empty_catalogue_is_a_bad_configuration(cloud: Scripted, told: NovaPlugin) -> None:
    cloud.endpoints = []
    with pytest.raises(BadConfiguration, match="catalogue"):
        list(told.get_all(SERVER))


def test_a_region_that_clouds_yaml_does_not_have_is_a_bad_configuration(
    simulated: Running, make_plugin: MakePlugin
) -> None:
    with pytest.raises(BadConfiguration, match="Elsewhere"):
        list(make_plugin(simulated.auth_url, region="Elsewhere").get_all(SERVER))
