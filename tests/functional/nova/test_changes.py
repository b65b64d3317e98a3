# SPDX-License-Identifier: Apache-2.0
"""Changes-since: what changed, and Nova's own word for what was deleted."""

import time

import msgspec
import pytest

from synchronizer.plugin import ListingBroken, NotPermitted
from synchronizer.simulator import Fault, Running
from synchronizer_plugins.nova.kinds import SERVER
from synchronizer_plugins.nova.plugin import NovaPlugin
from tests.functional.nova.conftest import MakePlugin
from tests.functional.nova.scripted import Scripted, fault, page, partial, server


def test_a_renamed_server_is_a_change_and_an_untouched_one_is_not(
    plugin: NovaPlugin, simulated: Running
) -> None:
    since = int(time.time() * 1_000_000)
    renamed = simulated.control.mutate("rename")
    there, gone = plugin.get_changes(SERVER, since)
    assert [msgspec.json.decode(item)["id"] for item in there.items] == [renamed]
    assert (list(gone.items), list(gone.destroyed)) == ([], [])
    assert (there.last, gone.last) == (False, True)


def test_a_deleted_server_is_told_by_its_id_and_not_as_an_entity(
    plugin: NovaPlugin, simulated: Running
) -> None:
    since = int(time.time() * 1_000_000)
    gone = simulated.control.mutate("delete")
    changes, end = plugin.get_changes(SERVER, since)
    assert (list(changes.items), list(changes.deleted), changes.last) == ([], [], False)
    assert (list(end.destroyed), list(end.deleted), end.last) == ([gone], [], True)


def test_a_server_that_is_called_deleted_and_is_not_destroyed_is_to_be_asked_for(
    cloud: Scripted, told: NovaPlugin
) -> None:
    leaving, gone = server("a", status="DELETED"), server("b", status="DELETED")
    cloud.answers = [page(leaving), page(gone)]
    there, end = told.get_changes(SERVER, 0)
    assert (list(there.destroyed), list(there.deleted), there.last) == ([], ["a"], False)
    assert (list(end.destroyed), list(end.deleted), end.last) == (["b"], [], True)
    asked, again = (request.query for request in cloud.requests)
    assert asked["deleted"] == "False"
    assert again == {**asked, "deleted": "True"}


def test_a_nova_that_ignores_the_question_for_destroyed_servers_is_not_believed(
    cloud: Scripted, told: NovaPlugin
) -> None:
    gone = server("a", status="DELETED")
    cloud.answers = [page(gone, server("b")), page(gone, server("b"))]
    *_, end = told.get_changes(SERVER, 0)
    assert (list(end.destroyed), list(end.deleted), end.last) == ([], ["a"], True)
    assert list(end.items) == []


def test_a_soft_deleted_server_can_be_restored_and_so_is_an_entity(
    cloud: Scripted, told: NovaPlugin
) -> None:
    shown = page(server("a", status="SOFT_DELETED"))  # Nova shows it in both answers
    cloud.answers = [shown, shown]
    there, gone = told.get_changes(SERVER, 0)
    assert (len(there.items), len(gone.items)) == (1, 0)
    assert not (there.deleted or there.destroyed or gone.deleted or gone.destroyed)


def test_a_server_of_a_down_cell_is_unclear(cloud: Scripted, told: NovaPlugin) -> None:
    cloud.answers = [page(partial("b")), page()]
    there, _ = told.get_changes(SERVER, 0)
    assert list(there.unclear) == ["b"]


def test_the_instant_is_rounded_down_to_the_second_on_every_page(
    cloud: Scripted, told: NovaPlugin
) -> None:
    cloud.answers = [page(server("a"), server("b"), next_="b"), page(), page()]
    list(told.get_changes(SERVER, 1_767_225_599_999_999))
    wanted = {"all_tenants": "1", "soft_deleted": "1", "limit": "2"}
    wanted |= {"changes-since": "2025-12-31T23:59:59Z", "deleted": "False"}
    asked = [request.query for request in cloud.requests]
    assert asked == [wanted, {**wanted, "marker": "b"}, {**wanted, "deleted": "True"}]


def test_changes_come_in_pages_to_their_end(plugin: NovaPlugin) -> None:
    pages = list(plugin.get_changes(SERVER, 0))
    assert sum(len(each.items) for each in pages) == 25
    assert [each.last for each in pages] == [False, False, False, True]


def test_a_lost_marker_breaks_them_off(cloud: Scripted, told: NovaPlugin) -> None:
    cloud.answers = [
        page(server("a"), server("b"), next_="b"),
        fault(400, "badRequest", "marker [b] not found"),
    ]
    with pytest.raises(ListingBroken):
        list(told.get_changes(SERVER, 0))


def test_a_credential_that_may_not_see_all_projects_is_told_so(
    plugin: NovaPlugin, simulated: Running, make_plugin: MakePlugin
) -> None:
    simulated.control.add_fault(Fault(kind="lost-admin", variant="403"))
    with pytest.raises(NotPermitted, match="get_all_tenants"):
        list(plugin.get_changes(SERVER, 0))
