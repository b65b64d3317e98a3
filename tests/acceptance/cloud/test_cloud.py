# SPDX-License-Identifier: Apache-2.0
"""The cloud for tests does what the other tests rely on."""

import json
from pathlib import Path
from typing import Any

import pytest
from keystoneauth1 import exceptions

from tests.acceptance.cloud.running import RunningCloud


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def created(path: Path) -> set[str]:
    return {
        line["id"]
        for line in lines(path)
        if line["type"] == "server" and line["op"] == "create" and line["ok"]
    }


def test_seeded_servers_are_in_the_listing(cloud: RunningCloud) -> None:
    ids = created(cloud.seed(5, kinds=["server"]))

    listed = cloud.listing()

    assert len(ids) == 5
    assert {listed[id_]["status"] for id_ in ids} == {"ACTIVE"}


def test_the_truth_of_a_churn_ends_with_what_is_there(cloud: RunningCloud) -> None:
    truth = lines(cloud.churn(5, kinds=["server", "volume"]))

    done = [line for line in truth if line["op"] != "present"]
    present = {
        line["id"]: line["name"]
        for line in truth
        if line["op"] == "present" and line["type"] == "server"
    }
    assert done
    assert all(line["sent"] <= line["answered"] <= line["settled"] for line in done if line["ok"])
    assert present == {id_: server["name"] for id_, server in cloud.listing().items()}


@pytest.mark.parametrize("cloud", [5], indirect=True)
def test_small_pages_give_the_same_servers(cloud: RunningCloud) -> None:
    cloud.seed(6, kinds=["server"])
    url = f"{cloud.compute_url}/servers/detail?all_tenants=1"

    first = cloud.session().get(url).json()

    assert len(first["servers"]) == 5
    assert [link["rel"] for link in first["servers_links"]] == ["next"]
    by_hand = cloud.listing(page=1000)
    assert len(by_hand) > 5
    assert by_hand.keys() == cloud.listing(page=3).keys()


def test_an_outage_of_keystone_refuses_logins_and_ends(cloud: RunningCloud) -> None:
    cloud.stop("keystone")
    try:
        with pytest.raises(exceptions.ConnectFailure):
            cloud.session().get_token()
    finally:
        cloud.start("keystone")

    assert cloud.session().get_token()
    assert cloud.listing()


def test_an_outage_of_the_database_ends_with_its_return(cloud: RunningCloud) -> None:
    before = cloud.listing().keys()
    session = cloud.session()
    session.get_token()

    cloud.stop("mariadb")
    try:
        url = f"{cloud.compute_url}/servers/detail?all_tenants=1"
        broken = session.get(url, raise_exc=False).status_code
    finally:
        cloud.start("mariadb")

    assert broken >= 500
    assert cloud.listing().keys() == before


def test_the_names_in_clouds_yaml_work(cloud: RunningCloud) -> None:
    for name in ("demo1", "demo2"):
        answer = cloud.session(name).get(f"{cloud.compute_url}/servers").json()
        assert "servers" in answer
    forbidden = cloud.session("demo1").get(
        f"{cloud.compute_url}/servers?all_tenants=1", raise_exc=False
    )
    assert forbidden.status_code == 403
