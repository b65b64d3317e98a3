# SPDX-License-Identifier: Apache-2.0
"""The plugin for Heat keeps the promises of all plugins."""

import pytest

from synchronizer.model import EntityType
from synchronizer.plugin import Plugin, PluginContext
from synchronizer.plugin.conformance import Notified, PluginConformance, Source
from synchronizer_plugins.heat.plugin import HeatPlugin
from tests.functional.heat.smallheat import HIDDEN, SmallHeat
from tests.support.scriptedcloud import ScriptedCloud

ID = "485eb6a1-0d92-481e-a362-d906afdb319c"


class SmallHeatSource(Source):
    """`closed` in clouds.yaml leads to a port where nobody listens."""

    def __init__(self, heat: SmallHeat) -> None:
        self._heat = heat

    def make_plugin(self) -> Plugin:
        return HeatPlugin(PluginContext("c1", {"page_size": 3, "timeout": 30.0}))

    def make_unreachable_plugin(self) -> Plugin:
        return HeatPlugin(PluginContext("closed", {"timeout": 5.0}))

    def secrets(self) -> list[str]:
        return ["scripted-password", HIDDEN]

    def create(self, type_: EntityType) -> str:
        return self._heat.add()

    def update(self, type_: EntityType, id_: str) -> None:
        self._heat.change(id_, stack_status="UPDATE_COMPLETE")

    def delete(self, type_: EntityType, id_: str) -> None:
        self._heat.delete(id_)

    def notifications(self) -> list[Notified]:
        return [
            Notified(
                f"orchestration.stack.{event}",
                {"stack_identity": ID, "stack_name": "s", "state": "x", "tags": ["t"]},
                frozenset({("heat.stack", ID)}),
            )
            for event in ("create.start", "update.end", "delete.end", "suspend.error")
        ]


class TestHeat(PluginConformance):
    @pytest.fixture
    def source(self, heat: SmallHeat, cloud: ScriptedCloud) -> Source:
        return SmallHeatSource(heat)
