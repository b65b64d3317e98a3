# SPDX-License-Identifier: Apache-2.0
"""history: the versions of one entity that the ledger still has."""

from typing import Any

from synchronizer import errors, outgoing
from synchronizer.bus import envelope
from synchronizer.ledger import Ledger, Version
from synchronizer.snapshot import arguments
from synchronizer.snapshot.directory import Directory
from synchronizer.snapshot.numbering import MOST_REVISION

MOST_VERSIONS = 1000
#: Versions on a page unless asked otherwise.
PAGE = 100


class Histories:
    """Answers history."""

    def __init__(self, ledger: Ledger, directory: Directory, *, max_bytes: int) -> None:
        self._ledger = ledger
        self._directory = directory
        self._max_bytes = max_bytes

    def answer(self, type_: Any, id_: Any, cloud: Any, limit: Any, before: Any) -> dict[str, Any]:
        """A page of versions, the newest first; all are below revision `before`, if given."""
        name = arguments.text("id", id_)
        most = arguments.optional_integer("limit", limit, 1, MOST_VERSIONS) or PAGE
        below = arguments.optional_integer("before", before, 1, MOST_REVISION)
        state = self._directory.find(type_, cloud)
        read = self._ledger.history(state.id, name, below, limit=most, max_bytes=self._max_bytes)
        if not read.versions and below is None:
            raise errors.NotFound(
                f"{state.key} has had no {name!r:.80}, as far back as its ledger goes"
            )
        versions = outgoing.fitting(read.versions, self._max_bytes)
        is_last = read.done and len(versions) == len(read.versions)
        return {
            "schema": envelope.SCHEMA,
            "cloud": read.state.key.cloud,
            "type": read.state.key.type,
            "epoch": read.state.epoch,
            "id": name,
            "floor": read.state.floor,
            "versions": [self._version(version) for version in versions],
            "before": None if is_last else versions[-1].revision,
        }

    def _version(self, version: Version) -> dict[str, Any]:
        wire = envelope.change_to_wire(outgoing.change_of(version, self._max_bytes))
        wire["committed_at"] = envelope.instant_to_wire(version.committed_at)
        return wire
