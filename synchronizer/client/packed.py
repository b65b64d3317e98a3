# SPDX-License-Identifier: Apache-2.0
"""An event for those who keep an entity as it came, and rarely look into it."""

import msgspec

from synchronizer.client.events import Added
from synchronizer.model import Entity, StreamKey

_decoder = msgspec.json.Decoder(dict)


class Packed(Added):
    """An `Added` with the entity's JSON as `text`; `entity` decodes it, each time."""

    __slots__ = ("_stream", "text")

    text: bytes
    _stream: StreamKey

    def __init__(
        self, stream: StreamKey, id_: str, revision: int, sampled_at: int, text: bytes
    ) -> None:
        put = object.__setattr__
        put(self, "_stream", stream)
        put(self, "cloud", stream.cloud)
        put(self, "type", stream.type)
        put(self, "id", id_)
        put(self, "revision", revision)
        put(self, "sampled_at", sampled_at)
        put(self, "repaired", False)
        put(self, "text", text)

    @property
    def stream(self) -> StreamKey:
        """The very one that the others of its snapshot have."""
        return self._stream

    @property
    def entity(self) -> Entity:
        entity: Entity = _decoder.decode(self.text)
        return entity
