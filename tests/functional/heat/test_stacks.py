# SPDX-License-Identifier: Apache-2.0
"""Listings of stacks and single ones, with Heat's oddities: redirections, stacks that are
deleted and shown, markers that are ignored."""

from typing import Any

import msgspec
import pytest

from synchronizer.errors import SynchronizerError
from synchronizer.plugin import (
    BadAnswer,
    ListingBroken,
    NotFound,
    NotPermitted,
    SourceUnavailable,
    Unclear,
)
from synchronizer_plugins.heat.plugin import HeatPlugin
from synchronizer_plugins.heat.stacks import STACK
from tests.functional.heat.conftest import MakePlugin
from tests.functional.heat.smallheat import SmallHeat
from tests.support.scriptedcloud import Reply, ScriptedCloud, html

DEAD = "00000000-0000-4000-8000-00000000dead"


def listed(plugin: HeatPlugin) -> dict[str, dict[str, Any]]:
    entities = [msgspec.json.decode(i) for page in plugin.get_all(STACK.type) for i in page.items]
    return {entity["id"]: entity for entity in entities}


class TestListing:
    """Complete, or not at all."""

    def test_all_projects_and_all_pages_are_listed(
        self, plugin: HeatPlugin, heat: SmallHeat
    ) -> None:
        assert list(listed(plugin)) == [row["id"] for row in heat.rows]

    def test_hidden_stacks_are_listed(self, plugin: HeatPlugin, heat: SmallHeat) -> None:
        assert heat.add(tags=["hidden"]) in listed(plugin)

    def test_nested_stacks_are_listed_on_request(
        self, make_plugin: MakePlugin, heat: SmallHeat
    ) -> None:
        nested = heat.add(parent=heat.rows[0]["id"])
        assert nested not in listed(make_plugin())
        assert nested in listed(make_plugin(show_nested=True))

    def test_the_reason_of_a_status_is_kept_on_request(self, make_plugin: MakePlugin) -> None:
        """It may quote hidden parameters."""
        (stack,) = make_plugin().types()
        assert stack.sensitive == {"stack_status_reason"}
        (stack,) = make_plugin(show_status_reason=True).types()
        assert not stack.sensitive

    def test_all_projects_are_asked_for_where_it_is_configured(
        self, make_plugin: MakePlugin, heat: SmallHeat
    ) -> None:
        heat.admin = False
        plugin = make_plugin(global_tenant=True)
        with pytest.raises(NotPermitted, match="global_tenant = false"):
            listed(plugin)
        heat.allows_global = True
        assert len(listed(plugin)) == len(heat.rows)
        assert len(listed(make_plugin())) < len(heat.rows)

    def test_a_stack_that_is_just_deleted_is_told_as_deleted(
        self, plugin: HeatPlugin, heat: SmallHeat
    ) -> None:
        """For a moment Heat lists it still."""
        gone, odd = heat.rows[2]["id"], heat.rows[4]["id"]
        heat.change(gone, stack_status="DELETE_COMPLETE")
        heat.change(odd, stack_name="DELETE_COMPLETE")
        deleted = [id_ for page in plugin.get_all(STACK.type) for id_ in page.deleted]
        assert deleted == [gone]
        assert odd in listed(plugin)
        assert gone not in listed(plugin)

    def test_a_marker_that_is_deleted_keeps_its_place(
        self, plugin: HeatPlugin, heat: SmallHeat
    ) -> None:
        pages = plugin.get_all(STACK.type)
        heat.delete(msgspec.json.decode(next(pages).items[-1])["id"])
        assert sum(len(page.items) for page in pages) == len(heat.rows) - 2

    @pytest.mark.parametrize("after", [1, 2])
    def test_a_listing_that_begins_anew_is_broken(
        self, plugin: HeatPlugin, heat: SmallHeat, after: int
    ) -> None:
        """An unknown marker is ignored without a word."""
        pages = plugin.get_all(STACK.type)
        *_, last = [next(pages) for _ in range(after)]
        heat.purge(msgspec.json.decode(last.items[-1])["id"])
        with pytest.raises(ListingBroken, match="began anew"):
            list(pages)


class TestOne:
    """In the form of a listing, and by nothing that would show more."""

    def test_it_has_the_form_of_a_listing(self, plugin: HeatPlugin, cloud: ScriptedCloud) -> None:
        for id_, entity in listed(plugin).items():
            assert msgspec.json.decode(plugin.get(STACK.type, id_)) == entity
        assert {request.path for request in cloud.requests} == {"/stacks"}

    def test_one_that_never_was_is_not_found(self, plugin: HeatPlugin) -> None:
        with pytest.raises(NotFound):
            plugin.get(STACK.type, DEAD)

    def test_a_deleted_one_is_not_found(self, plugin: HeatPlugin, heat: SmallHeat) -> None:
        id_ = heat.rows[0]["id"]
        heat.delete(id_)
        with pytest.raises(NotFound, match="deleted"):
            plugin.get(STACK.type, id_)

    def test_a_nested_one_is_none_of_those_that_are_asked_for(
        self, make_plugin: MakePlugin, heat: SmallHeat
    ) -> None:
        nested = heat.add(parent=heat.rows[0]["id"])
        with pytest.raises(NotFound, match="nested"):
            make_plugin().get(STACK.type, nested)
        assert make_plugin(show_nested=True).get(STACK.type, nested)

    def test_one_that_heat_knows_and_does_not_list_is_unclear(
        self, plugin: HeatPlugin, heat: SmallHeat, cloud: ScriptedCloud
    ) -> None:
        """Its look-up redirects to a GET with parameters and outputs, which nobody sends."""
        id_ = heat.rows[0]["id"]
        answer = cloud.answer
        cloud.answer = lambda request: (
            Reply({"stacks": []}) if request.path == "/stacks" else answer(request)
        )
        with pytest.raises(Unclear, match="does not list it"):
            plugin.get(STACK.type, id_)
        assert [request.path for request in cloud.requests] == ["/stacks", f"/stacks/{id_}"]

    @pytest.mark.parametrize("id_", ["", ".", ".."])
    def test_what_cannot_be_an_id_is_not_asked_for(
        self, plugin: HeatPlugin, cloud: ScriptedCloud, id_: str
    ) -> None:
        with pytest.raises(Unclear):
            plugin.get(STACK.type, id_)
        assert not cloud.requests

    @pytest.mark.parametrize(
        "document",
        [
            {"stacks": [{"id": "another"}]},
            {"stacks": [{"id": DEAD}, {"id": DEAD}]},
            {"stacks": [{}]},
            {"stacks": [7]},
            {"stack": {"id": DEAD}},
        ],
        ids=["another", "several", "no id", "no object", "no list"],
    )
    def test_an_answer_that_shows_something_else_is_refused(
        self, plugin: HeatPlugin, heat: SmallHeat, document: Any
    ) -> None:
        heat.override = Reply(document)
        with pytest.raises(BadAnswer):
            plugin.get(STACK.type, DEAD)

    @pytest.mark.parametrize(
        ("look_up", "error"),
        [
            (html(404), SourceUnavailable),
            (Reply({"code": 404, "error": {"type": "EntityNotFound"}}, 404), SourceUnavailable),
            (Reply({"stack": {"id": DEAD}}), BadAnswer),
            (html(502), SourceUnavailable),
        ],
        ids=["proxy", "of nothing", "shown", "502"],
    )
    def test_an_empty_listing_alone_is_no_evidence(
        self,
        plugin: HeatPlugin,
        cloud: ScriptedCloud,
        look_up: Reply,
        error: type[SynchronizerError],
    ) -> None:
        cloud.answer = lambda request: (
            Reply({"stacks": []}) if request.path == "/stacks" else look_up
        )
        with pytest.raises(error):
            plugin.get(STACK.type, DEAD)
