# SPDX-License-Identifier: Apache-2.0
"""What the plugin asks Keystone, and what it makes of the answers."""

import json
from typing import Any

import pytest

from synchronizer.errors import SynchronizerError
from synchronizer.plugin import (
    BadAnswer,
    ListingBroken,
    NotFound,
    NotPermitted,
    Page,
    SourceBusy,
    SourceUnavailable,
    Unclear,
)
from synchronizer_plugins.keystone.assignments import ASSIGNMENTS
from synchronizer_plugins.keystone.kinds import DOMAINS, ENDPOINTS, PROJECTS, REGIONS, USERS
from synchronizer_plugins.keystone.plugin import KeystonePlugin
from tests.functional.keystone.smallkeystone import SmallKeystone, fault
from tests.support.scriptedcloud import Reply, ScriptedCloud, html


def found(pages: list[Page]) -> dict[str, dict[str, Any]]:
    decoded = [json.loads(bytes(item)) for page in pages for item in page.items]
    return {entity["id"]: entity for entity in decoded}


def problems(pages: list[Page]) -> list[str]:
    return [problem for page in pages for problem in page.problems]


def ids(keystone: SmallKeystone, path: str) -> set[str]:
    return {row["id"] for row in keystone.rows[path]}


def test_a_full_page_that_says_truncated_and_links_on_is_followed(
    plugin: KeystonePlugin, keystone: SmallKeystone
) -> None:
    pages = list(plugin.get_all(PROJECTS.type))
    assert found(pages).keys() == ids(keystone, "/projects")
    assert len(pages) > 2
    assert not problems(pages)
    assert pages[-1].last


def test_a_smaller_page_of_keystones_own_does_not_end_the_listing(
    plugin: KeystonePlugin, keystone: SmallKeystone
) -> None:
    keystone.most = 1
    assert found(list(plugin.get_all(DOMAINS.type))).keys() == {"default", "other"}


def test_an_elder_keystone_gives_all_at_once_and_that_is_whole(
    plugin: KeystonePlugin, keystone: SmallKeystone
) -> None:
    keystone.pages = False
    (only,) = plugin.get_all(PROJECTS.type)
    assert found([only]).keys() == ids(keystone, "/projects")
    assert only.last
    assert not only.problems


def test_an_elder_keystone_that_cuts_a_listing_short_says_so(
    plugin: KeystonePlugin, keystone: SmallKeystone
) -> None:
    keystone.pages, keystone.list_limit = False, 2
    assert "truncated" in str(problems(list(plugin.get_all(PROJECTS.type))))


def test_a_listing_without_pages_that_is_cut_short_is_not_complete(
    plugin: KeystonePlugin, keystone: SmallKeystone
) -> None:
    keystone.list_limit = 2
    (only,) = plugin.get_all(ENDPOINTS.type)
    assert "truncated" in str(only.problems)


def test_a_marker_that_is_gone_breaks_the_listing(
    plugin: KeystonePlugin, keystone: SmallKeystone
) -> None:
    listing = plugin.get_all(PROJECTS.type)
    first = next(listing)
    keystone.remove("/projects", list(found([first]))[-1])
    with pytest.raises(ListingBroken, match="Marker"):
        list(listing)


def test_users_of_domains_with_drivers_of_their_own_are_listed_too(
    plugin: KeystonePlugin, keystone: SmallKeystone
) -> None:
    keystone.drivers = {"other"}
    pages = list(plugin.get_all(USERS.type))
    assert found(pages).keys() == ids(keystone, "/users")
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    assert not problems(pages)


def test_a_domain_whose_users_were_shown_is_not_asked_for_again(
    plugin: KeystonePlugin, cloud: ScriptedCloud
) -> None:
    list(plugin.get_all(USERS.type))
    assert not [request for request in cloud.requests if "domain_id" in request.query]


@pytest.mark.parametrize("kind", [PROJECTS, USERS, DOMAINS, ENDPOINTS, ASSIGNMENTS])
def test_a_listing_takes_the_requests_that_were_reckoned(
    plugin: KeystonePlugin, keystone: SmallKeystone, cloud: ScriptedCloud, kind: Any
) -> None:
    keystone.add("/users", domain_id="default")  # so that no last page is full
    keystone.remove("/domains", "other")
    count = len(found(list(plugin.get_all(kind.type))))
    cloud.requests.clear()
    list(plugin.get_all(kind.type))
    assert len(cloud.requests) == plugin.pages(kind.type, count)


def test_users_are_not_all_where_the_domains_are_not(
    plugin: KeystonePlugin, keystone: SmallKeystone
) -> None:
    keystone.pages, keystone.list_limit, keystone.drivers = False, 2, {"other"}
    keystone.add("/domains", id="third")
    assert "of the domains: " in str(problems(list(plugin.get_all(USERS.type))))


def test_a_domain_is_no_project_though_keystone_shows_it_as_one(plugin: KeystonePlugin) -> None:
    with pytest.raises(NotFound):
        plugin.get(PROJECTS.type, "default")
    assert json.loads(plugin.get(DOMAINS.type, "default"))["id"] == "default"


def test_a_region_may_have_any_name(plugin: KeystonePlugin) -> None:
    assert json.loads(plugin.get(REGIONS.type, "Region Two/b"))["id"] == "Region Two/b"


def test_each_assignment_is_found_by_the_id_made_of_its_parts(plugin: KeystonePlugin) -> None:
    listed = found(list(plugin.get_all(ASSIGNMENTS.type)))
    assert listed.keys() == {
        "user:u1,role:r1,project:p1",
        "group:g1,role:r1,domain:default",
        "group:g1,role:r1,domain:default,inherited",
        "user:u1,role:r1,system:all",
    }
    for id_, assignment in listed.items():
        assert json.loads(plugin.get(ASSIGNMENTS.type, id_)) == assignment


def test_an_assignment_that_only_its_inherited_twin_is_left_of_is_not_found(
    plugin: KeystonePlugin, keystone: SmallKeystone
) -> None:
    keystone.withdraw(keystone.assignments[1])
    with pytest.raises(NotFound):
        plugin.get(ASSIGNMENTS.type, "group:g1,role:r1,domain:default")
    assert plugin.get(ASSIGNMENTS.type, "group:g1,role:r1,domain:default,inherited")


@pytest.mark.parametrize("id_", ["", "u1", "user:,role:r1,project:p1", "user:u1,role:r1,region:x"])
def test_what_is_no_assignments_id_is_not_asked_for(
    plugin: KeystonePlugin, cloud: ScriptedCloud, id_: str
) -> None:
    with pytest.raises(Unclear):
        plugin.get(ASSIGNMENTS.type, id_)
    assert not cloud.requests


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(html(404), id="of a proxy"),
        pytest.param(fault(404, "Could not find domain: default."), id="of another entity"),
        pytest.param(Reply({"itemNotFound": {"code": 404, "message": "default"}}, 404), id="nova"),
    ],
)
def test_a_404_that_is_not_keystones_word_about_the_entity_is_no_evidence(
    plugin: KeystonePlugin, keystone: SmallKeystone, reply: Reply
) -> None:
    keystone.override = reply
    with pytest.raises(SourceUnavailable):
        plugin.get(USERS.type, "0" * 32)


@pytest.mark.parametrize("kind", [PROJECTS, USERS, ENDPOINTS, ASSIGNMENTS])
@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (fault(403, "You are not authorized."), NotPermitted),
        (Reply(b"busy", 429, {"Retry-After": "7"}), SourceBusy),
        (html(404), SourceUnavailable),
        (html(503), SourceUnavailable),
        (html(200), BadAnswer),
        (Reply({"servers": []}), BadAnswer),
        (Reply([]), BadAnswer),
    ],
)
def test_what_goes_wrong_has_its_error(
    plugin: KeystonePlugin,
    keystone: SmallKeystone,
    kind: Any,
    reply: Reply,
    error: type[SynchronizerError],
) -> None:
    keystone.override = reply
    with pytest.raises(error):
        list(plugin.get_all(kind.type))
    with pytest.raises(SynchronizerError) as raised:
        plugin.get(kind.type, "user:u1,role:r1,project:p1")
    assert not isinstance(raised.value, NotFound)


def test_an_answer_about_an_assignment_that_is_cut_short_proves_nothing(
    plugin: KeystonePlugin, keystone: SmallKeystone
) -> None:
    keystone.override = Reply({"role_assignments": [], "truncated": True})
    with pytest.raises(BadAnswer, match="cut short"):
        plugin.get(ASSIGNMENTS.type, "user:u1,role:r1,project:p1")


def test_without_the_role_it_is_refused_and_nothing_is_absent(
    plugin: KeystonePlugin, keystone: SmallKeystone
) -> None:
    keystone.admin = False
    for kind in (PROJECTS, USERS, DOMAINS, ENDPOINTS, ASSIGNMENTS):
        with pytest.raises(NotPermitted):
            list(plugin.get_all(kind.type))
    assert found(list(plugin.get_all(REGIONS.type)))


def test_the_own_scope_is_the_domain_and_what_is_of_another_vouches(
    plugin: KeystonePlugin,
) -> None:
    own = plugin.own_scope()
    assert own == "default"
    for kind in (PROJECTS, USERS):
        seen = found(list(plugin.get_all(kind.type))).values()
        told = {entity["domain_id"]: plugin.vouches(kind.type, entity, own) for entity in seen}
        assert told == {"default": False, "other": True}
