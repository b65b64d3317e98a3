# SPDX-License-Identifier: Apache-2.0
"""Tokens that end, and rights that change, while servers are listed."""

import pytest

from synchronizer.plugin import NotPermitted
from synchronizer.simulator import Accounts, Fault, Running
from synchronizer_plugins.nova.kinds import SERVER
from synchronizer_plugins.nova.plugin import NovaPlugin
from tests.functional.nova.scripted import Reply, Request, Scripted, fault, page, server


def test_a_listing_goes_on_with_a_new_token(plugin: NovaPlugin, simulated: Running) -> None:
    pages = plugin.get_all(SERVER)
    first = next(pages)
    before = plugin.credential()
    simulated.control.expire_tokens()
    rest = list(pages)
    assert sum(len(each.items) for each in (first, *rest)) == 25
    assert all(each.problems == () for each in rest)
    assert plugin.credential() != before


def test_the_credential_stays_the_same_while_the_token_does(plugin: NovaPlugin) -> None:
    before = plugin.credential()
    list(plugin.get_all(SERVER))
    assert plugin.credential() == before


def test_the_credential_does_not_show_the_token(plugin: NovaPlugin) -> None:
    token = plugin._connection.service()._adapter.get_token()
    assert plugin.credential() not in token
    assert token not in plugin.credential()


def test_the_own_scope_is_the_project(plugin: NovaPlugin) -> None:
    assert plugin.own_scope() == Accounts(7).projects[0].id


def test_a_role_that_is_lost_within_a_listing_is_a_problem_of_it(
    cloud: Scripted, told: NovaPlugin
) -> None:
    def revoked(_request: Request) -> Reply:
        cloud.roles = ["member"]
        return fault(401, "unauthorized", "The request you have made requires authentication.")

    cloud.answers = [page(server("a"), server("b"), next_="b"), revoked, page(server("c"))]
    first, second = told.get_all(SERVER)
    assert first.problems == ()
    assert second.problems == (
        "the credential's rights changed during the listing: roles ('admin',) -> ('member',)",
    )


def test_another_project_within_a_listing_is_a_problem_of_it(
    cloud: Scripted, told: NovaPlugin
) -> None:
    def revoked(_request: Request) -> Reply:
        cloud.project = "p2"
        return fault(401, "unauthorized", "No.")

    cloud.answers = [page(server("a"), server("b"), next_="b"), revoked, page(server("c"))]
    _first, second = told.get_all(SERVER)
    assert any("project 'p1' -> 'p2'" in problem for problem in second.problems)


def test_a_lost_role_ends_a_listing_that_nova_then_forbids(
    plugin: NovaPlugin, simulated: Running
) -> None:
    pages = plugin.get_all(SERVER)
    next(pages)
    simulated.control.add_fault(Fault(kind="lost-admin", variant="403"))
    with pytest.raises(NotPermitted):
        next(pages)
