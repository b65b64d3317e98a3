# SPDX-License-Identifier: Apache-2.0
"""Each fault as a real client meets it; what pages hold is tested without sockets."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from keystoneauth1 import exceptions as keystone_exceptions
from novaclient import exceptions

from synchronizer.simulator import ControlError, Fault, Running

Serve = Callable[..., Running]
Make = Callable[..., Any]
EVERYBODY = {"all_tenants": 1}
LISTS: frozenset[Any] = frozenset({"list"})


def everything(nova: Any) -> list[Any]:
    servers: list[Any] = nova.servers.list(search_opts=EVERYBODY, limit=-1)
    return servers


def raw(running: Running, session: Any, **options: Any) -> requests.Response:
    return requests.get(
        f"{running.compute_url}/servers/detail?all_tenants=1",
        headers={"X-Auth-Token": session.get_token()},
        timeout=options.pop("timeout", 10),
        **options,
    )


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (500, exceptions.ClientException),
        (503, exceptions.ClientException),
        (403, exceptions.Forbidden),
        (429, exceptions.RateLimit),
    ],
)
def test_an_error_reaches_novaclient(
    serve: Serve, nova_of: Make, status: int, error: type[Exception]
) -> None:
    running = serve(servers=5)
    nova = nova_of(running)
    everything(nova)
    running.control.add_fault(Fault(kind="error", status=status, operations=LISTS))
    with pytest.raises(error) as raised:
        everything(nova)
    assert getattr(raised.value, "code", None) == status
    running.control.clear_faults()
    assert len(everything(nova)) == 5


def test_retry_after_reaches_the_client(serve: Serve, session_of: Make) -> None:
    running = serve(servers=5)
    session = session_of(running)
    session.get_token()
    running.control.add_fault(Fault(kind="error", status=503, retry_after=9, count=1))
    answer = raw(running, session)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "9")
    assert raw(running, session).status_code == 200


def test_a_log_in_can_fail(serve: Serve, nova_of: Make) -> None:
    running = serve(servers=5)
    running.control.add_fault(
        Fault(kind="error", status=500, operations=frozenset({"auth"}), count=1)
    )
    nova = nova_of(running)
    with pytest.raises(keystone_exceptions.InternalServerError):
        everything(nova)
    assert len(everything(nova)) == 5


def test_a_401_that_does_not_end_reaches_the_client(serve: Serve, nova_of: Make) -> None:
    running = serve(servers=5)
    running.control.add_fault(Fault(kind="error", status=401, operations=LISTS))
    with pytest.raises(exceptions.Unauthorized):
        everything(nova_of(running))


def test_a_slow_answer_takes_its_time_and_arrives(serve: Serve, session_of: Make) -> None:
    running = serve(servers=30, page_limit=10)
    session = session_of(running)
    session.get_token()
    running.control.add_fault(Fault(kind="slow", total=0.6, operations=LISTS))
    started = time.monotonic()
    assert raw(running, session).status_code == 200
    assert time.monotonic() - started >= 0.2


def test_a_hanging_answer_ends_in_the_clients_time_out(serve: Serve, session_of: Make) -> None:
    running = serve(servers=5)
    session = session_of(running)
    session.get_token()
    running.control.add_fault(Fault(kind="hang", operations=LISTS))
    with pytest.raises(requests.ReadTimeout):
        raw(running, session, timeout=0.3)
    assert running.control.faults()[0]["struck"] == 1


def test_a_hanging_answer_does_not_hold_up_the_end_of_the_server(
    serve: Serve, session_of: Make
) -> None:
    running = serve(servers=5)
    token = session_of(running).get_token()
    running.control.add_fault(Fault(kind="hang", operations=LISTS))
    url = urlsplit(running.compute_url)
    client = socket.create_connection((str(url.hostname), int(url.port or 0)))
    request = f"GET {url.path}/servers HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {token}\r\n\r\n"
    client.sendall(request.encode())
    with client:
        deadline = time.monotonic() + 10
        while not running.control.faults()[0]["struck"]:
            assert time.monotonic() < deadline
    # The fixture stops the server while the answer still hangs; the test ends all the same.


def test_a_connection_can_be_closed_without_an_answer(serve: Serve, session_of: Make) -> None:
    running = serve(servers=5)
    session = session_of(running)
    session.get_token()
    running.control.add_fault(Fault(kind="disconnect", operations=LISTS))
    with pytest.raises(requests.ConnectionError):
        raw(running, session)


def test_a_body_can_be_shorter_than_promised(serve: Serve, session_of: Make) -> None:
    running = serve(servers=50)
    session = session_of(running)
    session.get_token()
    running.control.add_fault(Fault(kind="truncated-body", operations=LISTS))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        raw(running, session)


def test_json_that_is_cut_off_is_valid_http(serve: Serve, session_of: Make) -> None:
    running = serve(servers=50)
    session = session_of(running)
    session.get_token()
    running.control.add_fault(Fault(kind="truncated-json", operations=LISTS))
    answer = raw(running, session)
    assert answer.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize("status", [200, 502])
def test_a_proxys_page_arrives_as_html(serve: Serve, session_of: Make, status: int) -> None:
    running = serve(servers=50)
    session = session_of(running)
    session.get_token()
    running.control.add_fault(Fault(kind="html", status=status, operations=LISTS))
    answer = raw(running, session)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html")


def test_novaclient_does_not_notice_a_lost_page(serve: Serve, nova_of: Make) -> None:
    running = serve(servers=50, page_limit=10)
    running.control.add_fault(Fault(kind="missing-page", page=2))
    assert len(everything(nova_of(running))) == 40


def test_an_admin_who_lost_the_role_logs_in_again_as_a_member(serve: Serve, nova_of: Make) -> None:
    running = serve(servers=60)
    nova = nova_of(running)
    whole = everything(nova)
    running.control.add_fault(Fault(kind="lost-admin", revoke=True))
    own = everything(nova)
    assert {server.tenant_id for server in own} == {whole[-1].tenant_id}
    foreign = next(one for one in whole if one.tenant_id != own[0].tenant_id)
    with pytest.raises(exceptions.NotFound):
        nova.servers.get(foreign.id)
    assert running.control.stats()["answers"]["list 401"] == 1


def test_a_fault_or_an_order_that_makes_no_sense_is_refused(serve: Serve) -> None:
    control = serve(servers=5).control
    with pytest.raises(ControlError, match="no such kind"):
        control.mutate("explode")
    with pytest.raises(ControlError, match="no such server"):
        control.mutate("rename", "00000000-0000-4000-8000-000000000000")
    with pytest.raises(ControlError, match="kinds of operation"):
        control.churn(shares={"explode": 1})
    with pytest.raises(ControlError, match="nothing at"):
        control.remove_fault(99)


def test_churn_is_steered_from_outside(serve: Serve) -> None:
    control = serve(servers=50).control
    assert control.step(20, settle=True) == control.state()["seq"] > 0
    assert control.churn(rate=1000, shares={"create": 1})["rate"] == 1000
    deadline = time.monotonic() + 20
    while control.state()["live"] < 100:
        assert time.monotonic() < deadline
    assert control.churn(rate=0)["rate"] == 0
    assert control.state() == control.state()
