# SPDX-License-Identifier: Apache-2.0
"""The plugin for an OpenStack service that the documents show reads such a service."""

import json
import pathlib
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from synchronizer.plugin import Hint, NotFound, Plugin, PluginContext, SourceUnavailable
from tests.functional.nova import scripted
from tests.functional.nova.scripted import Reply, Request, Scripted
from tests.functional.plugin.test_documented_plugins import block

NODES = [{"uuid": f"n{number}", "name": f"node {number}", "owner": "p2"} for number in range(5)]


@pytest.fixture
def cloud() -> Iterator[Scripted]:
    """A Keystone, and an Ironic that gives two nodes a page."""
    with scripted.serving() as running:
        running.endpoints = ["baremetal"]
        running.answers = [lambda request: ironic(running, request)]
        yield running


def ironic(cloud: Scripted, request: Request) -> Reply:
    name = request.path.rpartition("/")[2]
    if name == "detail":
        known = [node["uuid"] for node in NODES]
        start = known.index(request.query["marker"]) + 1 if "marker" in request.query else 0
        body: dict[str, Any] = {"nodes": NODES[start : start + 2]}
        if start + 2 < len(NODES):
            marker = body["nodes"][-1]["uuid"]
            body["next"] = f"{cloud.compute_url}/v1/nodes/detail?limit=2&marker={marker}"
        return Reply(body=body)
    found = [node for node in NODES if node["uuid"] == name]
    said = {"faultstring": f"Node {name} could not be found.", "faultcode": "Client"}
    return Reply(body=found[0]) if found else Reply(404, {"error_message": said})


@pytest.fixture
def plugin(
    cloud: Scripted, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Plugin]:
    auth = {
        "auth_url": cloud.auth_url,
        "username": "admin",
        "password": "secret",
        "project_name": "admin",
        "user_domain_name": "Default",
        "project_domain_name": "Default",
    }
    file = tmp_path / "clouds.yaml"
    file.write_text(json.dumps({"clouds": {"c1": {"auth": auth}}}))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(file))
    shown: dict[str, Any] = {"__name__": "my_ironic"}
    exec(compile(block("docs/plugins.md", "class IronicPlugin"), "my_ironic.py", "exec"), shown)  # noqa: S102
    made: Plugin = shown["IronicPlugin"](PluginContext("c1", {"page_size": 2, "timeout": 30.0}))
    yield made
    made.close()


def test_it_lists_and_shows_all_nodes(plugin: Any, cloud: Scripted) -> None:
    (type_,) = plugin.types()
    pages = list(plugin.get_all(type_))
    assert [msgspec.json.decode(item) for page in pages for item in page.items] == NODES
    assert [page.last for page in pages] == [False, False, True]
    assert all(page.problems == () for page in pages)
    assert msgspec.json.decode(plugin.get(type_, "n3")) == NODES[3]
    assert {r.headers["X-OpenStack-Ironic-API-Version"] for r in cloud.requests} == {"1.58"}


def test_it_knows_ironics_own_404(plugin: Any, cloud: Scripted) -> None:
    (type_,) = plugin.types()
    with pytest.raises(NotFound):
        plugin.get(type_, "n9")
    cloud.answers = [scripted.html(404)]
    with pytest.raises(SourceUnavailable):
        plugin.get(type_, "n9")


def test_nodes_of_other_projects_vouch(plugin: Any) -> None:
    (type_,) = plugin.types()
    assert plugin.vouches(type_, NODES[0], plugin.own_scope())
    assert not plugin.vouches(type_, {**NODES[0], "owner": "p1"}, plugin.own_scope())


def test_it_understands_ironics_notifications(plugin: Any) -> None:
    payload = {"ironic_object.data": {"uuid": "n1"}}
    assert list(plugin.on_notification("baremetal.node.update.end", payload)) == [
        Hint("ironic.node", "n1")
    ]
    assert list(plugin.on_notification("baremetal.node.delete.end", payload)) == [
        Hint("ironic.node", "n1", deleted=True)
    ]
    assert list(plugin.on_notification("baremetal.port.update.end", payload)) == []
    assert list(plugin.on_notification("baremetal.node.update.end", {})) == []
