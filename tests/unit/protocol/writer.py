# SPDX-License-Identifier: Apache-2.0
"""Commits what it wants to be so, on top of what it knows, which may be old by now."""

from collections.abc import Sequence

from synchronizer import errors, fingerprint
from synchronizer.ledger import Ledger, StreamState, Write
from synchronizer.model import Entity, Op
from tests.unit.protocol.model import Timeline

#: id, and the value that it is to have (None: it is to be gone)
Wish = tuple[str, int | None]

#: This value, or a higher one, makes an entity too big to travel.
BIG = 3


def entity_of(id_: str, value: int) -> Entity:
    return {"id": id_, "value": value, "padding": "x" * 2500 if value >= BIG else ""}


class Writer:
    """One of those that write the stream."""

    def __init__(self, ledger: Ledger, stream: int) -> None:
        self._ledger = ledger
        self._stream = stream
        self.read()

    def read(self) -> None:
        self.state, live = self._ledger.baseline(self._stream)
        self._known = {row.id: row.fingerprint for row in live}

    def claim(self) -> None:
        """Fence the other writer off; what this one knows may be as old as before."""
        fence = self._ledger.claim(self._stream, "writer").fence
        self.read()
        assert self.state.fence == fence

    def commit(self, wishes: Sequence[Wish], at: int, timeline: Timeline, *, listed: bool) -> None:
        """Note what was recorded in the timeline; read again when refused, as it must be
        exactly when others have written since."""
        writes = [w for wish in dict(wishes).items() if (w := self._write(wish, at)) is not None]
        listed_at = at if listed or not writes else None
        present = self._ledger.state(self._stream)
        is_current = _basis(self.state) == _basis(present)
        try:
            self.state = self._ledger.commit(self.state, writes, listed_at=listed_at)
        except (errors.Refused, errors.Fenced):
            assert not is_current, "refused though nothing had changed"
            self.read()
            return
        assert is_current, "recorded on top of what it did not know"
        for write in writes:
            if write.fingerprint is None or write.entity is None:
                del self._known[write.id]
                timeline.record(write.id, None)
            else:
                self._known[write.id] = write.fingerprint
                content = (write.fingerprint, fingerprint.decode(write.entity))
                timeline.record(write.id, content)

    def _write(self, wish: Wish, at: int) -> Write | None:
        id_, value = wish
        known, base = self._known.get(id_), self.state.revision
        if value is None:
            return None if known is None else Write("delete", id_, None, None, base, at, None)
        entity = entity_of(id_, value)
        print_ = fingerprint.fingerprint(entity, frozenset(), self._ledger.seed)
        if print_ == known:
            return None
        op: Op = "create" if known is None else "update"
        return Write(op, id_, print_, print_, base, at, fingerprint.encode(entity))


def _basis(state: StreamState) -> tuple[str, int, str, int]:
    return state.epoch, state.revision, state.rules, state.fence
