# SPDX-License-Identifier: Apache-2.0
"""The plugin for Cinder keeps the promises of all plugins."""

import pytest

from synchronizer.model import EntityType
from synchronizer.plugin import Plugin, PluginContext
from synchronizer.plugin.conformance import Notified, PluginConformance, Source
from synchronizer_plugins.cinder.plugin import CinderPlugin
from tests.functional.cinder.smallcinder import KEY, SmallCinder
from tests.support.scriptedcloud import ScriptedCloud

_PATHS = {
    "cinder.volume": "/volumes",
    "cinder.snapshot": "/snapshots",
    "cinder.backup": "/backups",
    "cinder.volume_type": "/types",
}

ID = "7da098c3-80b3-44d1-bd62-14465de0c868"


class SmallCinderSource(Source):
    """`closed` in clouds.yaml leads to a port where nobody listens."""

    changes_show_deletes = False

    def __init__(self, cinder: SmallCinder) -> None:
        self._cinder = cinder

    def make_plugin(self) -> Plugin:
        return CinderPlugin(PluginContext("c1", {"page_size": 3, "timeout": 30.0}))

    def make_unreachable_plugin(self) -> Plugin:
        return CinderPlugin(PluginContext("closed", {"timeout": 5.0}))

    def secrets(self) -> list[str]:
        return [KEY, "scripted-password"]

    def creatable(self, type_: EntityType) -> bool:
        return type_.name in _PATHS

    def create(self, type_: EntityType) -> str:
        return self._cinder.add(_PATHS[type_.name])

    def update(self, type_: EntityType, id_: str) -> None:
        self._cinder.change(_PATHS[type_.name], id_, name="another name")

    def delete(self, type_: EntityType, id_: str) -> None:
        self._cinder.remove(_PATHS[type_.name], id_)

    def notifications(self) -> list[Notified]:
        return [
            Notified("volume.create.end", {"volume_id": ID}, frozenset({("cinder.volume", ID)})),
            Notified(
                "snapshot.delete.end",
                {"volume_id": "v", "snapshot_id": ID},
                frozenset({("cinder.snapshot", ID)}),
            ),
            Notified(
                "backup.create.start",
                {"backup_id": ID, "volume_id": "v", "parent_id": None, "snapshot_id": None},
                frozenset({("cinder.backup", ID), ("cinder.volume", "v")}),
            ),
            Notified(
                "volume_type.update",
                {"volume_types": {"id": ID, "name": "t"}},
                frozenset({("cinder.volume_type", ID)}),
            ),
        ]


class TestCinder(PluginConformance):
    @pytest.fixture
    def source(self, cinder: SmallCinder, cloud: ScriptedCloud) -> Source:
        return SmallCinderSource(cinder)
