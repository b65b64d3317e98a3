# SPDX-License-Identifier: Apache-2.0
"""What the plugin makes of Cinder's answers: microversions, 404s, redirections, failures."""

import pytest

from synchronizer.errors import NoSuchService, SynchronizerError
from synchronizer.plugin import (
    BadAnswer,
    BadConfiguration,
    NotFound,
    NotPermitted,
    SourceBusy,
    SourceUnavailable,
)
from synchronizer_plugins.cinder.kinds import BACKUP, VOLUME
from synchronizer_plugins.cinder.plugin import CinderPlugin
from tests.functional.cinder.conftest import MakePlugin
from tests.functional.cinder.smallcinder import SmallCinder
from tests.support.scriptedcloud import Reply, Request, ScriptedCloud, html


def asked_at(cloud: ScriptedCloud) -> set[str]:
    headers = [r.headers.get("OpenStack-API-Version") for r in cloud.requests if r.path not in "/"]
    return {header for header in headers if header}


def test_the_highest_microversion_of_both_sides_is_used(
    make_plugin: MakePlugin, cloud: ScriptedCloud, cinder: SmallCinder
) -> None:
    cinder.highest = "3.65"
    list(make_plugin().get_all(VOLUME.type))
    assert asked_at(cloud) == {"volume 3.65"}


def test_a_configured_microversion_is_used(make_plugin: MakePlugin, cloud: ScriptedCloud) -> None:
    list(make_plugin(microversion="3.62").get_all(VOLUME.type))
    assert asked_at(cloud) == {"volume 3.62"}


@pytest.mark.parametrize("microversion", ["2.7", "three", "3.x"])
def test_a_microversion_that_is_none_is_refused(make_plugin: MakePlugin, microversion: str) -> None:
    with pytest.raises(BadConfiguration, match="microversion"):
        make_plugin(microversion=microversion)


def test_a_configured_microversion_that_cinder_has_not_is_refused(
    make_plugin: MakePlugin, cinder: SmallCinder
) -> None:
    cinder.highest = "3.60"
    with pytest.raises(BadConfiguration, match=r"3\.62.*3\.60"):
        list(make_plugin(microversion="3.62").get_all(VOLUME.type))


def test_a_microversion_that_is_gone_is_asked_for_anew(
    plugin: CinderPlugin, cloud: ScriptedCloud, cinder: SmallCinder
) -> None:
    list(plugin.get_all(VOLUME.type))
    cinder.highest = "3.61"
    with pytest.raises(SourceUnavailable, match=r"3\.71"):
        list(plugin.get_all(VOLUME.type))
    cloud.requests.clear()
    list(plugin.get_all(VOLUME.type))
    assert asked_at(cloud) == {"volume 3.61"}


def test_an_answer_at_another_microversion_is_refused(
    plugin: CinderPlugin, cloud: ScriptedCloud, cinder: SmallCinder
) -> None:
    def without_header(request: Request) -> Reply:
        headers = {k: v for k, v in request.headers.items() if k != "OpenStack-API-Version"}
        return cinder.answer(Request(request.path, request.query, headers))

    cloud.answer = without_header
    with pytest.raises(BadAnswer, match="proxy"):
        list(plugin.get_all(VOLUME.type))


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (html(503), SourceUnavailable),
        (html(404), SourceUnavailable),
        (Reply({"forbidden": {"code": 403, "message": "no"}}, 403), NotPermitted),
        (Reply({"overLimit": {"code": 413, "message": "slow down"}}, 413), SourceBusy),
        (Reply(b"<html>hello</html>", content_type="text/html"), BadAnswer),
        (Reply({"versions": []}, 300), BadConfiguration),
    ],
    ids=["503", "404", "403", "413", "html", "none"],
)
def test_a_versions_document_that_fails_is_an_error_of_ours(
    plugin: CinderPlugin, cloud: ScriptedCloud, reply: Reply, error: type[SynchronizerError]
) -> None:
    cloud.answer = lambda request: reply
    with pytest.raises(error, match="cinder"):
        list(plugin.get_all(VOLUME.type))


def test_a_404_in_cinders_own_words_is_one(plugin: CinderPlugin) -> None:
    with pytest.raises(NotFound):
        plugin.get(VOLUME.type, "00000000-0000-4000-8000-00000000dead")


@pytest.mark.parametrize(
    "reply",
    [
        html(404),
        Reply({"message": "The resource could not be found.", "code": "404 Not Found"}, 404),
        Reply({"itemNotFound": {"code": 404, "message": "Service x could not be found."}}, 404),
        Reply({"itemNotFound": "gone"}, 404),
    ],
    ids=["proxy", "route", "something else", "shape"],
)
def test_any_other_404_is_no_evidence(
    plugin: CinderPlugin, cinder: SmallCinder, reply: Reply
) -> None:
    cinder.override = reply
    with pytest.raises(SourceUnavailable):
        plugin.get(BACKUP.type, "00000000-0000-4000-8000-00000000dead")


def test_a_redirection_is_not_followed(
    plugin: CinderPlugin, cloud: ScriptedCloud, cinder: SmallCinder
) -> None:
    list(plugin.get_all(VOLUME.type))
    cinder.override = Reply(b"", 302, {"Location": f"{cloud.origin}/elsewhere"})
    with pytest.raises(BadAnswer, match="302"):
        list(plugin.get_all(VOLUME.type))
    assert not [request for request in cloud.requests if request.path == "/elsewhere"]


def test_a_cloud_without_cinder_says_so(plugin: CinderPlugin, cloud: ScriptedCloud) -> None:
    cloud.in_catalogue = False
    with pytest.raises(NoSuchService, match="catalogue has no endpoint of cinder"):
        list(plugin.get_all(VOLUME.type))
