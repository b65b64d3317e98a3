# SPDX-License-Identifier: Apache-2.0
"""get: one entity, or one exact revision of it; in parts when it is too big for a message."""

from typing import Any

from synchronizer import errors, outgoing
from synchronizer.bus import envelope
from synchronizer.ledger import Ledger, StreamState, Version
from synchronizer.snapshot import arguments
from synchronizer.snapshot.directory import Directory
from synchronizer.snapshot.numbering import MOST_REVISION


class GetOne:
    """Answers get."""

    def __init__(self, ledger: Ledger, directory: Directory, *, max_bytes: int) -> None:
        self._ledger = ledger
        self._directory = directory
        self._max_bytes = max_bytes

    def answer(self, type_: Any, id_: Any, cloud: Any, revision: Any, part: Any) -> dict[str, Any]:
        """The newest version, or exactly `revision`; `part` (0 and up) is a slice of its JSON.

        Whoever takes parts names the revision that the first answer gave: they are
        parts of one version.
        """
        state = self._directory.find(type_, cloud)
        version = self._ledger.version(
            state.id,
            arguments.text("id", id_),
            arguments.optional_integer("revision", revision, 1, MOST_REVISION),
        )
        named = {
            "schema": envelope.SCHEMA,
            "cloud": state.key.cloud,
            "type": state.key.type,
            "epoch": state.epoch,
        }
        if part is not None:
            return {**named, **self._part(version, part)}
        return {**named, **self._whole(state, version)}

    def _whole(self, state: StreamState, version: Version) -> dict[str, Any]:
        change = outgoing.change_of(version, self._max_bytes)
        wire = envelope.change_to_wire(change)
        if change.oversized:
            wire["parts"] = len(_slices(version, self._max_bytes))
        return wire

    def _part(self, version: Version, part: Any) -> dict[str, Any]:
        slices = _slices(version, self._max_bytes)
        index = arguments.integer("part", part, 0, MOST_REVISION)
        if index >= len(slices):
            raise errors.BadRequest(
                f"revision {version.revision} has {len(slices)} parts, the first is 0"
            )
        return {
            "id": version.id,
            "revision": version.revision,
            "part": index,
            "parts": len(slices),
            "data": slices[index],
        }


def _slices(version: Version, max_bytes: int) -> list[str]:
    """The entity's JSON text in pieces that travel; none for a delete. Any server process
    with the same limit cuts the same way."""
    if version.entity is None:
        return []
    text = version.entity.decode()
    # One character weighs up to 2 bytes of a message, or 14 where it is not printable ASCII.
    most = 2 if text.isascii() and "\x7f" not in text else 14
    size = max(1, outgoing.message_bytes(max_bytes) // most)
    return [text[start : start + size] for start in range(0, len(text), size)]
