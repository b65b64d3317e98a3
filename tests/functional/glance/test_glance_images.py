# SPDX-License-Identifier: Apache-2.0
"""What the plugin asks Glance, and what it makes of the answers."""

import json
from collections.abc import Callable
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
from synchronizer_plugins.glance.images import IMAGE
from synchronizer_plugins.glance.plugin import GlancePlugin
from tests.functional.glance.smallglance import OWN, SmallGlance, fault
from tests.support.scriptedcloud import Reply, Request, ScriptedCloud, html


def images(pages: list[Page]) -> dict[str, dict[str, Any]]:
    found = [json.loads(bytes(item)) for page in pages for item in page.items]
    return {image["id"]: image for image in found}


def test_community_images_of_others_and_hidden_ones_are_listed_too(
    plugin: GlancePlugin, glance: SmallGlance
) -> None:
    pages = list(plugin.get_all(IMAGE))
    assert images(pages).keys() == {row["id"] for row in glance.rows}
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    assert not any(page.problems for page in pages)


def test_changes_show_hidden_images_too(plugin: GlancePlugin, glance: SmallGlance) -> None:
    for row in glance.rows:
        row["updated_at"] = "2026-01-01T00:00:00Z"
    hidden, shown = glance.rows[-1]["id"], glance.rows[0]["id"]
    glance.rows[-1]["updated_at"] = glance.rows[0]["updated_at"] = "2026-02-01T00:00:00Z"
    pages = list(plugin.get_changes(IMAGE, 1_769_904_000_900_000))
    assert images(pages).keys() == {hidden, shown}
    assert [page.last for page in pages] == [False, True]


def test_the_instant_is_rounded_down_to_the_second(
    plugin: GlancePlugin, cloud: ScriptedCloud
) -> None:
    list(plugin.get_changes(IMAGE, 1_767_225_599_999_999))
    asked = {request.query.get("updated_at") for request in cloud.requests}
    assert asked == {"gte:2025-12-31T23:59:59Z"}


def test_tags_come_in_one_order_by_either_way(plugin: GlancePlugin, glance: SmallGlance) -> None:
    id_ = glance.rows[0]["id"]
    assert images(list(plugin.get_all(IMAGE)))[id_]["tags"] == ["a", "b"]
    assert json.loads(plugin.get(IMAGE, id_))["tags"] == ["a", "b"]


def test_an_image_that_is_hidden_between_the_two_listings_is_there_twice(
    plugin: GlancePlugin, glance: SmallGlance
) -> None:
    listing = plugin.get_all(IMAGE)
    first = next(listing)
    (id_, *_) = images([first])
    glance.change(id_, os_hidden=True)
    rest = list(listing)
    assert images(rest)[id_]["os_hidden"] is True


def test_a_smaller_limit_of_glances_own_does_not_end_the_listing(
    plugin: GlancePlugin, glance: SmallGlance
) -> None:
    glance.most = 1
    assert len(images(list(plugin.get_all(IMAGE)))) == len(glance.rows)


def test_a_marker_that_is_gone_breaks_the_listing(
    plugin: GlancePlugin, glance: SmallGlance
) -> None:
    listing = plugin.get_all(IMAGE)
    first = next(listing)
    glance.remove(list(images([first]))[-1])
    with pytest.raises(ListingBroken, match="No image found"):
        list(listing)


def test_a_full_page_without_a_link_is_not_the_end(
    plugin: GlancePlugin, cloud: ScriptedCloud, glance: SmallGlance
) -> None:
    def cut(request: Request) -> Reply:
        reply = glance.answer(request)
        reply.body.pop("next", None)
        return reply

    cloud.answer = cut
    assert any("no link" in problem for page in plugin.get_all(IMAGE) for problem in page.problems)


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(lambda id_: html(404), id="of a proxy"),
        pytest.param(
            lambda id_: html_naming(f"The requested URL /v2/images/{id_} was not found."),
            id="of a proxy that names the path",
        ),
        pytest.param(lambda id_: fault(404, "The resource could not be found."), id="of a path"),
        pytest.param(lambda id_: fault(404, "No image found with ID other"), id="of another"),
        pytest.param(lambda id_: Reply({"error": {"code": 404}}, 404), id="of another service"),
    ],
)
def test_a_404_that_is_not_glances_word_about_the_image_is_no_evidence(
    plugin: GlancePlugin, glance: SmallGlance, reply: Callable[[str], Reply]
) -> None:
    id_ = glance.rows[0]["id"]
    glance.override = reply(id_)
    with pytest.raises(SourceUnavailable):
        plugin.get(IMAGE, id_)


def html_naming(text: str) -> Reply:
    body = f"<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1>{text}</body>"
    return Reply(body.encode(), 404, content_type="text/html")


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (fault(403, "You are not authorized to complete this action."), NotPermitted),
        (Reply(b"busy", 429, {"Retry-After": "7"}), SourceBusy),
        (html(500), SourceUnavailable),
        (html(503), SourceUnavailable),
        (html(200), BadAnswer),
        (Reply({"servers": []}), BadAnswer),
        (Reply({"images": {}}), BadAnswer),
        (Reply({"images": []}, cut=5), BadAnswer),
    ],
)
def test_what_goes_wrong_has_its_error(
    plugin: GlancePlugin, glance: SmallGlance, reply: Reply, error: type[SynchronizerError]
) -> None:
    glance.override = reply
    with pytest.raises(error):
        list(plugin.get_all(IMAGE))
    with pytest.raises(SynchronizerError) as raised:
        plugin.get(IMAGE, glance.rows[0]["id"])
    assert not isinstance(raised.value, NotFound)


def test_who_is_no_admin_sees_nothing_that_vouches(
    plugin: GlancePlugin, glance: SmallGlance
) -> None:
    own = plugin.own_scope()
    seen = images(list(plugin.get_all(IMAGE))).values()
    assert any(plugin.vouches(IMAGE, image, own) for image in seen)
    glance.admin = False
    left = images(list(plugin.get_all(IMAGE))).values()
    assert left
    assert not any(plugin.vouches(IMAGE, image, own) for image in left)


@pytest.mark.parametrize("state", ["accepted", "pending", "rejected"])
def test_what_is_shared_with_a_member_is_doubted(
    plugin: GlancePlugin, glance: SmallGlance, state: str
) -> None:
    mine = glance.add(owner="p2", visibility="shared")
    hidden = glance.add(owner="p2", visibility="shared")
    glance.members[mine] = {OWN: state}
    *_, last = plugin.get_all(IMAGE)
    assert not last.problems
    glance.admin = False
    *_, last = plugin.get_all(IMAGE)
    assert "shared with its project only" in last.problems[0]
    with pytest.raises(Unclear, match="shared with its project only"):
        plugin.get(IMAGE, hidden)


def test_where_all_images_are_our_own_nothing_is_doubted(
    plugin: GlancePlugin, glance: SmallGlance
) -> None:
    glance.rows = [row for row in glance.rows if row["owner"] == OWN]
    *_, last = plugin.get_all(IMAGE)
    assert not last.problems
