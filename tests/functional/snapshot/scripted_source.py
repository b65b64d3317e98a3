# SPDX-License-Identifier: Apache-2.0
"""A source in a directory: what is there, who listed it, and a gate that holds listings."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import msgspec

from synchronizer.model import StreamKey
from synchronizer.plugin import EntityType, NotFound, Page, Plugin, PluginContext
from synchronizer.plugin.base import GetsOne
from synchronizer.sampling import Source, TypeSettings
from tests.support.waiting import until

SERVER = EntityType("nova.server")
SETTINGS = TypeSettings(interval=3600.0, early_gap=0.1, settle=0.0)


class Directory:
    """`put`: what the source holds. `hold`: listings by that process wait for `release`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def put(self, *entities: dict[str, object]) -> None:
        text = json.dumps({str(entity["id"]): entity for entity in entities})
        new = self.path / "entities.new"
        new.write_text(text)
        new.rename(self.path / "entities")

    def entities(self) -> dict[str, dict[str, object]]:
        found: dict[str, dict[str, object]] = json.loads((self.path / "entities").read_text())
        return found

    def hold(self, name: str) -> None:
        (self.path / f"hold-{name}").touch()

    def release(self, name: str) -> None:
        (self.path / f"hold-{name}").unlink()

    def listed_by(self) -> list[str]:
        """Who began a listing, in that order."""
        log = self.path / "listings"
        return log.read_text().split() if log.exists() else []

    def note(self, name: str) -> None:
        with (self.path / "listings").open("a") as log:
            log.write(f"{name}\n")


class Scripted(Plugin, GetsOne):
    """Reads the directory; `name` is the process it does so in."""

    service: ClassVar[str] = "nova"

    def __init__(self, directory: Directory, name: str, cloud: str) -> None:
        super().__init__(PluginContext(cloud))
        self.directory = directory
        self.name = name

    def types(self) -> tuple[EntityType, ...]:
        return (SERVER,)

    def get_all(self, type_: EntityType) -> Iterator[Page]:
        self.directory.note(self.name)
        entities = self.directory.entities()
        gate = self.directory.path / f"hold-{self.name}"
        until("the gate", lambda: not gate.exists(), patience=600, gap=0.01)
        yield Page([msgspec.Raw(msgspec.json.encode(one)) for one in entities.values()], last=True)

    def get(self, type_: EntityType, id_: str) -> bytes:
        try:
            return msgspec.json.encode(self.directory.entities()[id_])
        except KeyError:
            raise NotFound(f"no server {id_}") from None


class Sources:
    def __init__(self, directory: Directory, name: str) -> None:
        self._directory = directory
        self._name = name

    def has(self, key: StreamKey) -> bool:
        return key.type == SERVER.name

    def make(self, key: StreamKey) -> Source:
        return Source(Scripted(self._directory, self._name, key.cloud), SETTINGS)
