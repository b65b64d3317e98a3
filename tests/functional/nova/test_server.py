# SPDX-License-Identifier: Apache-2.0
"""One server by its id; above all, whose word a 404 is."""

import msgspec
import pytest

from synchronizer.plugin import BadAnswer, NotFound, SourceUnavailable, Unclear
from synchronizer.simulator import Fault, Running
from synchronizer_plugins.nova.kinds import SERVER
from synchronizer_plugins.nova.plugin import NovaPlugin
from tests.functional.nova.scripted import Reply, Scripted, fault, html, partial, server

NO_SUCH = "8a0a1c1e-0000-4000-8000-000000000000"


def test_a_server_reads_as_it_does_in_a_listing(plugin: NovaPlugin) -> None:
    """The order of its fields may differ, as it does in Nova."""
    for item in next(plugin.get_all(SERVER)).items:
        listed = msgspec.json.decode(item)
        assert msgspec.json.decode(plugin.get(SERVER, listed["id"])) == listed


def test_a_field_that_listings_lack_is_left_out_and_the_rest_is_novas_own_text(
    cloud: Scripted, told: NovaPlugin
) -> None:
    text = b'{"server": {"id": "a",  "server_groups": ["g"], "x": {"y" : 1.50}, "name": "\\u00fc"}}'
    cloud.answers = [Reply(body=text)]
    assert told.get(SERVER, "a") == b'{"id":"a","x":{"y" : 1.50},"name":"\\u00fc"}'


def test_novas_own_404_is_not_found(plugin: NovaPlugin) -> None:
    with pytest.raises(NotFound):
        plugin.get(SERVER, NO_SUCH)


def test_a_deleted_server_is_not_found(plugin: NovaPlugin, simulated: Running) -> None:
    gone = simulated.control.mutate("delete")
    with pytest.raises(NotFound):
        plugin.get(SERVER, gone)


def test_a_server_that_nova_still_shows_is_there_whatever_its_status(
    cloud: Scripted, told: NovaPlugin
) -> None:
    # It says DELETED a moment before it lets go of it; if that fails, it is ERROR.
    cloud.answers = [Reply(body={"server": server("a", status="DELETED")})]
    assert msgspec.json.decode(told.get(SERVER, "a"))["status"] == "DELETED"


def test_a_soft_deleted_server_is_found(cloud: Scripted, told: NovaPlugin) -> None:
    cloud.answers = [Reply(body={"server": server("a", status="SOFT_DELETED")})]
    assert msgspec.json.decode(told.get(SERVER, "a"))["status"] == "SOFT_DELETED"


def test_a_server_of_a_down_cell_is_unclear(plugin: NovaPlugin, simulated: Running) -> None:
    hidden = simulated.control.mutate("rename")
    simulated.control.add_fault(Fault(kind="down-cell", ids=frozenset({hidden})))
    with pytest.raises(Unclear, match=r"cannot read the nova\.server"):
        plugin.get(SERVER, hidden)


def test_a_down_cell_below_microversion_2_69_is_an_unavailable_source(
    cloud: Scripted, told: NovaPlugin
) -> None:
    cloud.answers = [fault(500, "computeFault", "Unexpected API Error.")]
    with pytest.raises(SourceUnavailable, match="Unexpected API Error"):
        told.get(SERVER, "a")


ALIEN = {
    "a page of a proxy": html(404),
    "an empty body": Reply(404, b""),
    "a plain text": Reply(404, b"404 Not Found", content_type="text/plain"),
    "a router that knows no such path": Reply(404, {"message": "The resource could not be found."}),
    "another service": fault(404, "itemNotFound", "The resource could not be found."),
    "another code inside": Reply(404, {"itemNotFound": {"code": 200, "message": "a"}}),
    "a truncated fault": Reply(404, b'{"itemNotFound": {"code": 404, "message": "Instance a co'),
    "a fault of another form": Reply(404, {"itemNotFound": "Instance a could not be found."}),
}


@pytest.mark.parametrize("answer", ALIEN.values(), ids=ALIEN)
def test_a_404_that_is_not_novas_is_no_evidence(
    cloud: Scripted, told: NovaPlugin, answer: Reply
) -> None:
    cloud.answers = [answer]
    with pytest.raises(SourceUnavailable):
        told.get(SERVER, "a")


def test_a_404_with_novas_version_header_is_novas_whatever_its_language(
    cloud: Scripted, told: NovaPlugin
) -> None:
    headers = {"OpenStack_API_Version": "compute 2.96"}
    cloud.answers = [fault(404, "itemNotFound", "Instanz fehlt.", **headers)]
    with pytest.raises(NotFound):
        told.get(SERVER, "a")


def test_another_server_than_the_one_asked_for_is_a_bad_answer(
    cloud: Scripted, told: NovaPlugin
) -> None:
    cloud.answers = [Reply(body={"server": server("b")})]
    with pytest.raises(BadAnswer, match="another one"):
        told.get(SERVER, "a")


def test_a_partial_server_is_unclear_though_its_id_is_right(
    cloud: Scripted, told: NovaPlugin
) -> None:
    cloud.answers = [Reply(body={"server": partial("a")})]
    with pytest.raises(Unclear):
        told.get(SERVER, "a")


@pytest.mark.parametrize("body", [{}, [], None, {"server": None}, {"server": {"name": "x"}}])
def test_an_answer_of_another_shape_is_a_bad_answer(
    cloud: Scripted, told: NovaPlugin, body: object
) -> None:
    cloud.answers = [Reply(body=body)]
    with pytest.raises(BadAnswer):
        told.get(SERVER, "a")


@pytest.mark.parametrize("id_", ["", ".", ".."])
def test_an_id_that_is_no_path_is_never_evidence(plugin: NovaPlugin, id_: str) -> None:
    with pytest.raises(Unclear):
        plugin.get(SERVER, id_)


def test_an_id_cannot_lead_to_another_path(cloud: Scripted, told: NovaPlugin) -> None:
    cloud.answers = [html(404)]
    with pytest.raises(SourceUnavailable):
        told.get(SERVER, "../flavors?x=1#y")
    assert cloud.requests[0].path == "/v2.1/servers/..%2Fflavors%3Fx%3D1%23y"


def test_the_id_of_a_collection_is_a_bad_answer(plugin: NovaPlugin) -> None:
    with pytest.raises(BadAnswer):
        plugin.get(SERVER, "detail")
