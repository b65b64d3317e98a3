# SPDX-License-Identifier: Apache-2.0
"""The plugin for Glance keeps the promises of all plugins."""

import pytest

from synchronizer.model import EntityType
from synchronizer.plugin import Plugin, PluginContext
from synchronizer.plugin.conformance import Notified, PluginConformance, Source
from synchronizer_plugins.glance.plugin import GlancePlugin
from tests.functional.glance.smallglance import LOCATION, SmallGlance
from tests.support.scriptedcloud import ScriptedCloud

ID = "7da098c3-80b3-44d1-bd62-14465de0c868"
HINT = frozenset({("glance.image", ID)})


class SmallGlanceSource(Source):
    """`closed` in clouds.yaml leads to a port where nobody listens."""

    changes_show_deletes = False

    def __init__(self, glance: SmallGlance) -> None:
        self._glance = glance

    def make_plugin(self) -> Plugin:
        return GlancePlugin(PluginContext("c1", {"page_size": 3, "timeout": 30.0}))

    def make_unreachable_plugin(self) -> Plugin:
        return GlancePlugin(PluginContext("closed", {"timeout": 5.0}))

    def secrets(self) -> list[str]:
        return [LOCATION, "scripted-password"]

    def create(self, type_: EntityType) -> str:
        return self._glance.add(owner="p2")

    def update(self, type_: EntityType, id_: str) -> None:
        self._glance.change(id_, name="another name")

    def delete(self, type_: EntityType, id_: str) -> None:
        self._glance.remove(id_)

    def notifications(self) -> list[Notified]:
        return [
            Notified("image.create", {"id": ID, "owner": "p2"}, HINT),
            Notified("image.activate", {"id": ID}, HINT),
            Notified("image.delete", {"id": ID, "deleted": True}, HINT),
            Notified("image.send", {"image_id": ID, "bytes_sent": 1}),
            Notified("image.member.create", {"image_id": ID, "member_id": "p3"}),
        ]


class TestGlance(PluginConformance):
    @pytest.fixture(params=["/image"])
    def endpoint(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    @pytest.fixture
    def source(self, glance: SmallGlance, cloud: ScriptedCloud) -> Source:
        return SmallGlanceSource(glance)
