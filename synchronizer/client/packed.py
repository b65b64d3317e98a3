# SPDX-License-Identifier: Apache-2.0
"""An event for those who keep an entity as it came, and rarely look into it."""

import msgspec

from synchronizer.client.events import Added
from synchronizer.model import Entity

_decoder = msgspec.json.Decoder(dict)


class Packed(Added):
    """An `Added` with the entity's JSON as `text`; `entity` decodes it, each time."""

    __slots__ = ("text",)

    text: bytes

    def __init__(
        self, cloud: str, type_: str, id_: str, revision: int, sampled_at: int, text: bytes
    ) -> None:
        put = object.__setattr__
        put(self, "cloud", cloud)
        put(self, "type", type_)
        put(self, "id", id_)
        put(self, "revision", revision)
        put(self, "sampled_at", sampled_at)
        put(self, "repaired", False)
        put(self, "text", text)

    @property
    def entity(self) -> Entity:
        entity: Entity = _decoder.decode(self.text)
        return entity
