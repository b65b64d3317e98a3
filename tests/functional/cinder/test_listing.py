# SPDX-License-Identifier: Apache-2.0
"""Listings of Cinder: all projects, all pages, and what speaks against them."""

from collections.abc import Iterator

import msgspec
import pytest

from synchronizer.plugin import EntityType, ListingBroken, NotPermitted, Page, Unclear
from synchronizer_plugins.cinder.plugin import CinderPlugin
from tests.functional.cinder.conftest import MakePlugin
from tests.functional.cinder.smallcinder import SmallCinder
from tests.support.scriptedcloud import ScriptedCloud


def type_(plugin: CinderPlugin, name: str) -> EntityType:
    return next(type_ for type_ in plugin.types() if type_.name == f"cinder.{name}")


def ids(pages: Iterator[Page]) -> list[str]:
    return [msgspec.json.decode(item)["id"] for page in pages for item in page.items]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("volume", "/volumes"),
        ("snapshot", "/snapshots"),
        ("backup", "/backups"),
        ("volume_type", "/types"),
    ],
)
def test_all_projects_and_all_pages_are_listed(
    plugin: CinderPlugin, cinder: SmallCinder, name: str, path: str
) -> None:
    assert ids(plugin.get_all(type_(plugin, name))) == [row["id"] for row in cinder.rows[path]]


def test_a_clamped_page_is_no_end(make_plugin: MakePlugin, cinder: SmallCinder) -> None:
    cinder.most = 3
    plugin = make_plugin(page_size=0)
    pages = list(plugin.get_all(type_(plugin, "volume")))
    assert [len(page.items) for page in pages] == [3, 3, 1]
    assert not any(page.problems for page in pages)


def test_services_and_pools_have_ids(plugin: CinderPlugin) -> None:
    assert ids(plugin.get_all(type_(plugin, "service"))) == ["cinder-volume:node1@lvm"]
    pools = ["node1@lvm#fast", "node1@lvm#slow"]
    assert ids(plugin.get_all(type_(plugin, "pool"))) == pools


@pytest.mark.parametrize(("name", "path"), [("volume", "/volumes"), ("volume_type", "/types")])
def test_a_marker_that_is_gone_breaks_the_listing(
    plugin: CinderPlugin, cinder: SmallCinder, name: str, path: str
) -> None:
    """With a 404 from volumes; types begin anew without a word."""
    pages = plugin.get_all(type_(plugin, name))
    last = msgspec.json.decode(next(pages).items[-1])["id"]
    cinder.remove(path, last)
    with pytest.raises(ListingBroken):
        next(pages)


def test_whoever_is_no_administrator_sees_no_complete_listing_of_types(
    plugin: CinderPlugin, cinder: SmallCinder
) -> None:
    volume_type = type_(plugin, "volume_type")
    *_, last = plugin.get_all(volume_type)
    assert not last.problems
    private = cinder.add("/types", is_public=False)
    cinder.usable.add(cinder.add("/types", is_public=False))
    cinder.admin = False
    *_, last = plugin.get_all(volume_type)
    assert "public types and its project's only" in last.problems[0]
    with pytest.raises(Unclear, match="public types and its project's only"):
        plugin.get(volume_type, private)


@pytest.mark.parametrize("name", ["service", "pool"])
def test_services_and_pools_are_for_administrators(
    plugin: CinderPlugin, cinder: SmallCinder, name: str
) -> None:
    cinder.admin = False
    with pytest.raises(NotPermitted, match="403"):
        list(plugin.get_all(type_(plugin, name)))


def test_others_and_private_types_vouch(plugin: CinderPlugin) -> None:
    volume, volume_type = type_(plugin, "volume"), type_(plugin, "volume_type")
    assert plugin.vouches(volume, {"os-vol-tenant-attr:tenant_id": "p2"}, "p1")
    assert not plugin.vouches(volume, {"os-vol-tenant-attr:tenant_id": "p1"}, "p1")
    assert plugin.vouches(volume_type, {"is_public": False}, "p1")
    assert not plugin.vouches(volume_type, {"is_public": True}, "p1")


class TestChanges:
    """Of volumes, which alone have them."""

    def test_only_volumes_have_them(self, plugin: CinderPlugin) -> None:
        told = [type_.name for type_ in plugin.types() if plugin.gets_changes(type_)]
        assert told == ["cinder.volume"]

    def test_what_was_never_updated_shows_by_its_creation(
        self, plugin: CinderPlugin, cinder: SmallCinder
    ) -> None:
        for row in cinder.rows["/volumes"]:
            row["created_at"] = "2001-01-01T00:00:00.000000"
        old = cinder.rows["/volumes"][3]["id"]
        new = cinder.add("/volumes", project="p2")
        both = cinder.add("/volumes")
        for changed in (old, both):
            cinder.change("/volumes", changed, size=2)
        since = 1_000_000_000_000_000  # September 2001
        pages = list(plugin.get_changes(type_(plugin, "volume"), since))
        assert sorted(ids(iter(pages))) == sorted([old, both, new])
        assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]

    def test_a_cinder_that_cannot_tell_is_not_asked(
        self, make_plugin: MakePlugin, cloud: ScriptedCloud
    ) -> None:
        """It would ignore the question and answer with all of them."""
        plugin = make_plugin(microversion="3.59")
        pages = list(plugin.get_changes(type_(plugin, "volume"), 0))
        assert [(len(page.items), page.last) for page in pages] == [(0, True)]
        assert not [request for request in cloud.requests if "volumes" in request.path]
