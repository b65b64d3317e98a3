# SPDX-License-Identifier: Apache-2.0
"""The unchanged python-novaclient, through keystoneauth, against the simulated cloud."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from keystoneauth1 import discover
from keystoneauth1 import exceptions as keystone_exceptions
from novaclient import exceptions

from synchronizer.simulator import Fault, GroundTruth, Running

Serve = Callable[..., Running]
Make = Callable[..., Any]
EVERYBODY = {"all_tenants": 1}


def everything(nova: Any, **search: Any) -> list[Any]:
    servers: list[Any] = nova.servers.list(search_opts={**EVERYBODY, **search}, limit=-1)
    return servers


def test_3500_servers_come_in_four_pages(serve: Serve, nova_of: Make) -> None:
    running = serve(servers=3500)
    servers = everything(nova_of(running))
    assert len({server.id for server in servers}) == len(servers) == 3500
    created = [server.created for server in servers]
    assert created == sorted(created, reverse=True)
    # novaclient asks once more, to find the end.
    assert running.control.stats()["answers"] == {"auth 201": 1, "list 200": 5}


def test_one_page_is_all_that_a_list_without_limit_shows(serve: Serve, nova_of: Make) -> None:
    nova = nova_of(serve(servers=30, page_limit=20))
    assert len(nova.servers.list(search_opts=EVERYBODY)) == 20
    assert len(nova.servers.list(search_opts=EVERYBODY, limit=5)) == 5


def test_a_server_is_the_same_by_id_and_in_the_list(serve: Serve, nova_of: Make) -> None:
    nova = nova_of(serve(servers=10))
    listed = everything(nova)[3].to_dict()
    shown = nova.servers.get(listed["id"]).to_dict()
    assert shown.pop("server_groups") == []
    assert shown == listed


def test_changes_since_shows_what_changed_and_what_was_deleted(serve: Serve, nova_of: Make) -> None:
    running = serve(servers=50)
    nova = nova_of(running)
    since = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    renamed = running.control.mutate("rename")
    victim = next(one.id for one in everything(nova) if one.id != renamed)
    assert running.control.mutate("delete", victim) == victim
    created = running.control.mutate("create")
    changes = {one.id: one.status for one in everything(nova, **{"changes-since": since})}
    assert set(changes) == {renamed, victim, created}
    assert changes[victim] == "DELETED"
    with pytest.raises(exceptions.NotFound):
        nova.servers.get(victim)


def test_a_microversion_that_is_too_high_is_not_acceptable(serve: Serve, session_of: Make) -> None:
    running = serve(servers=1)
    answer = session_of(running).get(
        f"{running.compute_url}/servers",
        headers={"OpenStack-API-Version": "compute 2.999"},
        raise_exc=False,
    )
    assert answer.status_code == 406
    assert "maximum is 2.104" in answer.json()["computeFault"]["message"]


def test_discovery_finds_the_range_of_microversions(serve: Serve, session_of: Make) -> None:
    running = serve(servers=1)
    session = session_of(running)
    data = session.get_endpoint_data(service_type="compute", interface="public")
    assert data.url.rstrip("/") == running.compute_url
    assert discover.version_to_string(data.max_microversion) == "2.104"
    assert discover.version_to_string(data.min_microversion) == "2.1"


def test_a_member_sees_the_own_project_and_may_not_ask_for_all(serve: Serve, nova_of: Make) -> None:
    nova = nova_of(serve(servers=60), "demo1")
    servers = nova.servers.list(limit=-1)
    assert len(servers) == 3
    assert not hasattr(servers[0], "OS-EXT-SRV-ATTR:host")
    with pytest.raises(exceptions.Forbidden):
        everything(nova)


def test_a_wrong_password_is_refused(serve: Serve, session_of: Make) -> None:
    session = session_of(serve(servers=1))
    session.auth.auth_methods[0].password = "guess"
    with pytest.raises(keystone_exceptions.Unauthorized):
        session.get_token()


def test_the_client_logs_in_again_when_its_token_has_expired(serve: Serve, nova_of: Make) -> None:
    running = serve(servers=30)
    nova = nova_of(running)
    everything(nova)
    assert running.control.expire_tokens() == 1
    assert len(everything(nova)) == 30
    assert running.control.stats()["answers"]["auth 201"] == 2


def test_a_token_that_ends_in_the_middle_of_a_listing_is_renewed(
    serve: Serve, nova_of: Make
) -> None:
    running = serve(servers=50, page_limit=10)
    running.control.add_fault(Fault(kind="expire-tokens", page=2, count=1))
    assert len(everything(nova_of(running))) == 50
    assert running.control.stats()["answers"]["list 401"] == 1


def test_the_ground_truth_is_what_the_listing_shows(
    serve: Serve, nova_of: Make, tmp_path: Path
) -> None:
    path = tmp_path / "truth.jsonl"
    running = serve(servers=200, log=path)
    running.control.churn(rate=500)
    nova = nova_of(running)
    ever: dict[str, list[Any]] = {}
    while running.control.state()["seq"] < 300:
        for server in everything(nova):
            ever.setdefault(server.id, []).append(server.to_dict())
    running.control.churn(rate=0)
    truth = GroundTruth(path)
    for uuid, shown in ever.items():
        states = truth.states_of(uuid)
        assert all(entity in states for entity in shown)
    final = {server.id: server.to_dict() for server in everything(nova)}
    assert final == truth.final()
    assert truth.last_seq == running.world.seq


def test_many_clients_are_answered_at_once(serve: Serve, nova_of: Make) -> None:
    running = serve(servers=300, page_limit=50)
    start = threading.Barrier(8)

    def listing(_: int) -> int:
        nova = nova_of(running)
        start.wait()
        return len({server.id for server in everything(nova)})

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(listing, range(8))) == [300] * 8


def test_an_answer_is_counted_before_it_is_read(serve: Serve, session_of: Make) -> None:
    servers = 5000  # more bytes than sockets hold
    running = serve(servers=servers, page_limit=servers)
    token = {"X-Auth-Token": session_of(running).get_token()}
    url = f"{running.compute_url}/servers/detail?all_tenants=1"
    with requests.get(url, headers=token, stream=True, timeout=60) as answer:
        assert answer.status_code == 200
        assert running.control.stats()["answers"]["list 200"] == 1


def test_requests_are_written_down(serve: Serve, nova_of: Make, tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    running = serve(servers=25, page_limit=10, request_log=path)
    everything(nova_of(running))
    running.control.reset_stats()
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert [line["page"] for line in lines if line["operation"] == "list"][:3] == [0, 1, 2]
    assert {line["status"] for line in lines} <= {200, 201, 300}
    assert running.control.stats()["requests"] == 0
