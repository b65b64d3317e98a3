# SPDX-License-Identifier: Apache-2.0
"""The plugin for Keystone keeps the promises of all plugins."""

import itertools
from typing import Any

import pytest

from synchronizer.model import EntityType
from synchronizer.plugin import Plugin, PluginContext
from synchronizer.plugin.conformance import Notified, PluginConformance, Source
from synchronizer_plugins.keystone.plugin import KeystonePlugin
from tests.functional.keystone.smallkeystone import SmallKeystone
from tests.support.scriptedcloud import ScriptedCloud

ID = "5e3ff0c4c9a54f5ab6b0c3c6a2b4d6e8"
ASSIGNMENT = "keystone.role_assignment"


class SmallKeystoneSource(Source):
    """`closed` in clouds.yaml leads to a port where nobody listens."""

    def __init__(self, keystone: SmallKeystone) -> None:
        self._keystone = keystone
        self._numbers = itertools.count(1)
        self._assigned: dict[str, dict[str, Any]] = {}

    def make_plugin(self) -> Plugin:
        return KeystonePlugin(PluginContext("c1", {"page_size": 3, "timeout": 30.0}))

    def make_unreachable_plugin(self) -> Plugin:
        return KeystonePlugin(PluginContext("closed", {"timeout": 5.0}))

    def secrets(self) -> list[str]:
        return ["scripted-password"]

    def absent_id(self, type_: EntityType) -> str:
        return f"user:{ID},role:{ID},project:{ID}" if type_.name == ASSIGNMENT else ID

    def create(self, type_: EntityType) -> str:
        if type_.name != ASSIGNMENT:
            return self._keystone.add(_path(type_), domain_id="other")
        user = f"user{next(self._numbers)}"
        id_ = f"user:{user},role:r1,project:p1"
        self._assigned[id_] = self._keystone.assign("user", user, "r1", {"project": {"id": "p1"}})
        return id_

    def update(self, type_: EntityType, id_: str) -> None:
        if type_.name == ASSIGNMENT:
            pytest.skip("a role assignment is there or not, and never another one")
        self._keystone.change(_path(type_), id_, description="another one")

    def delete(self, type_: EntityType, id_: str) -> None:
        if type_.name == ASSIGNMENT:
            self._keystone.withdraw(self._assigned[id_])
        else:
            self._keystone.remove(_path(type_), id_)

    def notifications(self) -> list[Notified]:
        assigned = {"role": "r", "project": "p", "user": "u", "inherited_to_projects": False}
        return [
            Notified(
                "identity.user.created",
                {"resource_info": ID},
                frozenset({("keystone.user", ID)}),
            ),
            Notified(
                "identity.project.deleted",
                {"resource_info": ID, "typeURI": "http://schemas.dmtf.org/cloud/audit/1.0/event"},
                frozenset({("keystone.project", ID), (ASSIGNMENT, None)}),
            ),
            Notified(
                "identity.role_assignment.created",
                {"outcome": "success", **assigned},
                frozenset({(ASSIGNMENT, "user:u,role:r,project:p")}),
            ),
            Notified("identity.authenticate", {"outcome": "success"}),
        ]


def _path(type_: EntityType) -> str:
    return f"/{type_.name.partition('.')[2]}s"


class TestKeystone(PluginConformance):
    @pytest.fixture(params=["/small"])
    def endpoint(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    @pytest.fixture
    def source(self, keystone: SmallKeystone, cloud: ScriptedCloud) -> Source:
        return SmallKeystoneSource(keystone)
