# SPDX-License-Identifier: Apache-2.0
"""The simulated cloud answers as the real one: one table of requests, put to both."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance.cloud.running import RunningCloud
from tests.acceptance.cloud.shapes import differences
from tests.acceptance.cloud.sides import DETAIL, Side, both

NOBODY = "11111111-2222-4333-8444-555555555555"
SINCE = "2020-01-01T00:00:00"
ASK: dict[str, dict[str, Any]] = {
    "everything": {"path": DETAIL},
    "everything, the oldest microversion": {"path": DETAIL, "minor": 1},
    "everything, no microversion": {"path": DETAIL, "minor": None},
    "everything, before flavors were embedded": {"path": DETAIL, "minor": 46},
    "everything, the newest microversion": {"path": DETAIL, "minor": 104},
    "names alone": {"path": "/servers?all_tenants=1"},
    "one's own project": {"path": "/servers/detail"},
    "a member's own project": {"path": "/servers/detail", "user": "demo1"},
    "a member's all_tenants": {"path": DETAIL, "user": "demo1"},
    "a member's all_tenants, names alone": {"path": "/servers?all_tenants=1", "user": "demo1"},
    "all_tenants, not a boolean": {"path": "/servers/detail?all_tenants=maybe"},
    "all_tenants=0": {"path": "/servers/detail?all_tenants=0"},
    "limit 0": {"path": f"{DETAIL}&limit=0"},
    "limit 2": {"path": f"{DETAIL}&limit=2"},
    "limit 2, names alone": {"path": "/servers?all_tenants=True&limit=2"},
    "limit above the maximum": {"path": f"{DETAIL}&limit=1000000"},
    "limit below 0": {"path": f"{DETAIL}&limit=-1"},
    "limit not a number": {"path": f"{DETAIL}&limit=many"},
    "limit empty": {"path": f"{DETAIL}&limit="},
    "limit twice": {"path": f"{DETAIL}&limit=2&limit=3"},
    "a marker": {"path": f"{DETAIL}&limit=2&marker={{live}}"},
    "an unknown marker": {"path": f"{DETAIL}&limit=2&marker={NOBODY}"},
    "a deleted server's marker": {"path": f"{DETAIL}&limit=2&marker={{deleted}}"},
    "a marker that is no id": {"path": f"{DETAIL}&marker=here"},
    "an empty marker": {"path": f"{DETAIL}&limit=2&marker="},
    "changes since, with Z": {"path": f"{DETAIL}&changes-since={SINCE}Z"},
    "changes since, with limit": {"path": f"{DETAIL}&changes-since={SINCE}Z&limit=2"},
    "changes since, microseconds": {"path": f"{DETAIL}&changes-since={SINCE}.123456Z"},
    "changes since, without a zone": {"path": f"{DETAIL}&changes-since={SINCE}"},
    "changes since, unescaped +": {"path": f"{DETAIL}&changes-since={SINCE}+00:00"},
    "changes since, escaped +": {"path": f"{DETAIL}&changes-since={SINCE}%2B00:00"},
    "changes since, not a time": {"path": f"{DETAIL}&changes-since=yesterday"},
    "changes since, empty": {"path": f"{DETAIL}&changes-since="},
    "changes since, in the future": {"path": f"{DETAIL}&changes-since=2999-01-01T00:00:00Z"},
    "changes since, a member": {
        "path": f"/servers/detail?changes-since={SINCE}Z",
        "user": "demo1",
    },
    "changes before": {"path": f"{DETAIL}&changes-before=2999-01-01T00:00:00Z"},
    "changes before, too old": {"path": f"{DETAIL}&changes-before={SINCE}Z", "minor": 65},
    "changes since after before": {
        "path": f"{DETAIL}&changes-since=2030-01-01T00:00:00Z&changes-before={SINCE}Z"
    },
    "deleted alone": {"path": f"{DETAIL}&deleted=true"},
    "status deleted": {"path": f"{DETAIL}&status=DELETED"},
    "status deleted, a member": {"path": "/servers/detail?status=DELETED", "user": "demo1"},
    "status unknown": {"path": f"{DETAIL}&status=HAPPY"},
    "status unknown, before 2.38": {"path": f"{DETAIL}&status=HAPPY", "minor": 37},
    "a parameter nobody knows": {"path": f"{DETAIL}&colour=blue"},
    "a parameter nobody knows, before 2.75": {"path": f"{DETAIL}&colour=blue", "minor": 74},
    "sorted by name": {"path": f"{DETAIL}&sort_key=display_name&sort_dir=asc&limit=2"},
    "sorted backwards": {"path": f"{DETAIL}&sort_dir=sideways"},
    "a microversion too high": {"path": DETAIL, "minor": 999},
    "a microversion of another form": {
        "path": DETAIL,
        "headers": {"OpenStack-API-Version": "compute two"},
    },
    "the latest microversion": {
        "path": DETAIL,
        "headers": {"OpenStack-API-Version": "compute latest"},
    },
    "another service's microversion": {
        "path": DETAIL,
        "headers": {"OpenStack-API-Version": "volume 3.50"},
    },
    "the old header": {
        "path": DETAIL,
        "minor": None,
        "headers": {"X-OpenStack-Nova-API-Version": "2.53"},
    },
    "a server": {"path": "/servers/{live}"},
    "a server, the oldest microversion": {"path": "/servers/{live}", "minor": 1},
    "a server, the newest microversion": {"path": "/servers/{live}", "minor": 104},
    "a member's own server": {"path": "/servers/{demo1}", "user": "demo1"},
    "a member's own server, the newest microversion": {
        "path": "/servers/{demo1}",
        "user": "demo1",
        "minor": 104,
    },
    "a server of somebody else": {"path": "/servers/{live}", "user": "demo1"},
    "a server nobody knows": {"path": f"/servers/{NOBODY}"},
    "a deleted server": {"path": "/servers/{deleted}"},
    "an id that is none": {"path": "/servers/here"},
    "a path nobody knows": {"path": "/nowhere"},
    "a bad token": {"path": DETAIL, "headers": {"X-Auth-Token": "stolen"}},
    "no token": {"path": DETAIL, "user": None},
    "Nova's version": {"path": "root:/v2.1/", "user": None, "minor": None},
    "Nova's version, with a token": {"path": "root:/v2.1/", "minor": None},
    "Keystone's version": {"path": "/v3", "user": None, "minor": None},
    "Keystone, a path nobody knows": {"path": "/v3/nowhere", "user": None, "minor": None},
    "Keystone, a bad token": {
        "path": "/v3/auth/tokens",
        "minor": None,
        "headers": {"X-Auth-Token": "stolen", "X-Subject-Token": "stolen"},
    },
    "Keystone, a token nobody knows": {
        "path": "/v3/auth/tokens",
        "minor": None,
        "headers": {"X-Subject-Token": "stolen"},
    },
    "Keystone, a log-in without sense": {
        "path": "/v3/auth/tokens",
        "user": None,
        "minor": None,
        "method": "POST",
        "body": {"auth": {}},
    },
}


@pytest.fixture(scope="module")
def sides(cloud: RunningCloud) -> Iterator[tuple[Side, Side]]:
    with both(cloud) as pair:
        yield pair


@pytest.mark.parametrize("case", ASK)
def test_both_answer_alike(sides: tuple[Side, Side], case: str) -> None:
    real, simulated = sides
    answers = [side.ask(**ASK[case]) for side in sides]
    found = differences(real, answers[0], simulated, answers[1])
    assert not found, "\n".join(found)


def test_both_name_their_versions_alike(sides: tuple[Side, Side]) -> None:
    real, simulated = sides
    answers = [side.ask("root:/", user=None, minor=None) for side in sides]
    for answer in answers:
        # The simulator leaves out the legacy v2.0.
        entries = answer.body["versions"]
        answer.body["versions"] = [entry for entry in entries if entry["id"] == "v2.1"]
        assert answer.body["versions"]
    assert not differences(real, answers[0], simulated, answers[1])


def test_both_refuse_a_wrong_password_alike(sides: tuple[Side, Side]) -> None:
    real, simulated = sides
    answers = [side.log_in("admin", "guess") for side in sides]
    assert answers[0].status == 401
    assert not differences(real, answers[0], simulated, answers[1])


def test_both_log_in_alike(sides: tuple[Side, Side]) -> None:
    real, simulated = sides
    answers = [side.log_in("demo1", "secret") for side in sides]
    for answer in answers:
        # The simulator has two services, one role for each user, and no more.
        kinds = ("compute", "identity")
        catalogue = answer.body["token"]["catalog"]
        answer.body["token"]["catalog"] = [item for item in catalogue if item["type"] in kinds]
    assert not differences(real, answers[0], simulated, answers[1])


@pytest.mark.parametrize("path", [DETAIL, f"{DETAIL}&changes-since={SINCE}Z", "/servers/detail"])
def test_both_chains_of_pages_are_the_whole_listing_in_its_order(
    sides: tuple[Side, Side], path: str
) -> None:
    for side in sides:
        whole = [server["id"] for server in side.ask(path).body["servers"]]
        link, pages = f"{path}{'&' if '?' in path else '?'}limit=3", []
        while link:
            body = side.ask(link).body
            pages.append([server["id"] for server in body["servers"]])
            link = next((each["href"] for each in body.get("servers_links", [])), "")
        assert [id_ for page in pages for id_ in page] == whole, side.name
        assert all(len(page) == 3 for page in pages[:-1]), side.name
        # A full last page is followed by an empty one, in both.
        assert len(pages[-1]) == len(whole) % 3, side.name


def test_both_list_the_newest_first(sides: tuple[Side, Side]) -> None:
    for side in sides:
        listed = side.ask(DETAIL).body["servers"]
        newest_first = sorted(listed, key=lambda server: server["id"])
        newest_first.sort(key=lambda server: server["created"], reverse=True)
        assert [s["id"] for s in listed] == [s["id"] for s in newest_first], side.name


def test_both_show_the_deleted_to_changes_since_alone(sides: tuple[Side, Side]) -> None:
    for side in sides:
        changed = side.ask(f"{DETAIL}&changes-since={SINCE}Z").body["servers"]
        deleted = {server["id"] for server in changed if server["status"] == "DELETED"}
        assert side.ids["deleted"] in deleted, side.name
        listed = {server["id"] for server in side.ask(DETAIL).body["servers"]}
        assert not deleted & listed, side.name


def test_both_spell_a_deleted_server_alike(sides: tuple[Side, Side]) -> None:
    keys = []
    for side in sides:
        changed = side.ask(f"{DETAIL}&changes-since={SINCE}Z").body["servers"]
        gone = next(server for server in changed if server["id"] == side.ids["deleted"])
        keys.append((sorted(gone), gone["status"], gone["addresses"], gone["OS-EXT-STS:vm_state"]))
    assert keys[0] == keys[1]
