# SPDX-License-Identifier: Apache-2.0
"""For tests of relay and snapshot server: an author, a bus that can fail, a reader."""

import itertools
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from synchronizer import errors, fingerprint
from synchronizer.bus import envelope
from synchronizer.ledger import Ledger, Write
from synchronizer.model import StreamKey

SERVERS = StreamKey("openstack1", "nova.server")
VOLUMES = StreamKey("openstack1", "cinder.volume")
Message = tuple[str, str, dict[str, Any]]


def url_of(folder: Path) -> str:
    return f"sqlite:///{folder / 'ledger.db'}"


def open_ledger(folder: Path) -> Ledger:
    return Ledger.open(url_of(folder), state_path=folder / "state", migrate=True)


class Author:
    """Commits to one stream, as a sampling worker does, and knows what lives."""

    def __init__(self, ledger: Ledger, key: StreamKey = SERVERS) -> None:
        self.ledger = ledger
        self.key = key
        self.live: dict[str, dict[str, Any]] = {}
        self.state = ledger.claim(ledger.ensure_stream(key, "rules").id, "author")
        self._instants = itertools.count(1_700_000_000_000_000, 1_000_000)

    def put(self, *entities: dict[str, Any]) -> None:
        """Create or update entities, each one revision, in one commit."""
        self.refresh()
        self._commit([self._write(entity) for entity in entities])
        for entity in entities:
            self.live[entity["id"]] = entity

    def fill(self, count: int, **fields: Any) -> None:
        """Create entities `e0`, `e1` ... in commits of 1000."""
        for start in range(0, count, 1000):
            numbers = range(start, min(count, start + 1000))
            self.put(*({"id": f"e{number}", "n": number, **fields} for number in numbers))

    def drop(self, *ids: str) -> None:
        self.refresh()
        base, at = self.state.revision, next(self._instants)
        self._commit([Write("delete", id_, None, None, base, at, None) for id_ in ids])
        for id_ in ids:
            del self.live[id_]

    def listed(self, at: int | None = None) -> None:
        """End a complete listing that found nothing new."""
        self.refresh()
        began = next(self._instants) if at is None else at
        self.state = self.ledger.commit(self.state, [], listed_at=began)

    def refresh(self) -> None:
        self.state = self.ledger.state(self.state.id)

    def _write(self, entity: dict[str, Any]) -> Write:
        hashed = fingerprint.fingerprint(entity, frozenset(), self.ledger.seed)
        return Write(
            "update" if entity["id"] in self.live else "create",
            entity["id"],
            hashed,
            hashed,
            self.state.revision,
            next(self._instants),
            fingerprint.encode(entity),
        )

    def _commit(self, writes: Sequence[Write]) -> None:
        self.state = self.ledger.commit(self.state, writes)


class Bus:
    """Takes messages in memory; refuses those of some topics, or all, while told to."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.attempts: list[str] = []
        self.is_out = False
        self.refused: set[str] = set()
        self.came = threading.Condition()

    def send(self, topic: str, event_type: str, payload: dict[str, Any], deadline: float) -> None:
        self.attempts.append(topic)
        if self.is_out or topic in self.refused:
            raise errors.BusUnavailable
        with self.came:
            self.messages.append((topic, event_type, payload))
            self.came.notify_all()

    def payloads(self, event: str, key: StreamKey = SERVERS) -> list[dict[str, Any]]:
        wanted = f"{key.type}.{event}"
        return [
            payload
            for _, kind, payload in self.messages
            if kind == wanted and payload["cloud"] == key.cloud
        ]

    def revisions(self, key: StreamKey = SERVERS) -> list[int]:
        return [
            change["revision"]
            for payload in self.payloads("changes", key)
            for change in payload["changes"]
        ]


class Reader:
    """Applies change sets to an empty copy, in order; verifies count and digest of each."""

    def __init__(self) -> None:
        self.revision = 0
        self.held: dict[str, tuple[str, Any]] = {}

    @property
    def entities(self) -> dict[str, Any]:
        return {id_: entity for id_, (_, entity) in self.held.items()}

    def take(self, payload: dict[str, Any]) -> None:
        for change in payload["changes"]:
            if change["revision"] <= self.revision:
                continue
            assert change["revision"] == self.revision + 1, "a revision was lost"
            self.revision = change["revision"]
            if change["op"] == "delete":
                del self.held[change["id"]]
            else:
                self.held[change["id"]] = (change["fingerprint"], change["entity"])
        if payload["last"] == self.revision:
            assert payload["count"] == len(self.held)
            assert payload["digest"] == digest_of(self.held)


def digest_of(held: dict[str, tuple[str, Any]]) -> str:
    pairs = ((id_, envelope.fingerprint_from_wire(text)) for id_, (text, _) in held.items())
    return envelope.digest_to_wire(fingerprint.digest(pairs))
