# SPDX-License-Identifier: Apache-2.0
"""The plugin for Neutron keeps the promises of all plugins."""

from typing import Any, ClassVar

import pytest

from synchronizer.model import EntityType
from synchronizer.plugin import Plugin, PluginContext
from synchronizer.plugin.conformance import Notified, PluginConformance, Source
from synchronizer_plugins.neutron.kinds import KINDS
from synchronizer_plugins.neutron.plugin import NeutronPlugin
from tests.functional.neutron.smallneutron import SmallNeutron
from tests.support.neutron_notifications import NOTIFIED
from tests.support.scriptedcloud import ScriptedCloud

_PATHS = {kind.type.name: kind.path for kind in KINDS}


class SmallNeutronSource(Source):
    """`closed` in clouds.yaml leads to a port where nobody listens."""

    changes_show_deletes = False

    settings: ClassVar[dict[str, Any]] = {"page_size": 3, "changed_since": True}

    def __init__(self, neutron: SmallNeutron) -> None:
        self._neutron = neutron

    def make_plugin(self) -> Plugin:
        return NeutronPlugin(PluginContext("c1", {**self.settings, "timeout": 30.0}))

    def make_unreachable_plugin(self) -> Plugin:
        return NeutronPlugin(PluginContext("closed", {**self.settings, "timeout": 5.0}))

    def secrets(self) -> list[str]:
        return ["scripted-password"]

    def create(self, type_: EntityType) -> str:
        return self._neutron.add(_PATHS[type_.name])

    def update(self, type_: EntityType, id_: str) -> None:
        self._neutron.change(_PATHS[type_.name], id_, description="another one")

    def delete(self, type_: EntityType, id_: str) -> None:
        self._neutron.remove(_PATHS[type_.name], id_)

    def notifications(self) -> list[Notified]:
        return NOTIFIED


class TestNeutron(PluginConformance):
    """One that takes changed_since: all promises then are to be kept."""

    @pytest.fixture
    def source(self, neutron: SmallNeutron, cloud: ScriptedCloud) -> Source:
        neutron.extensions.remove("filter-validation")
        return SmallNeutronSource(neutron)
