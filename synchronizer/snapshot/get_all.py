# SPDX-License-Identifier: Apache-2.0
"""get_all: the pages of a stream's snapshot at one revision."""

import base64
import dataclasses
from typing import Any, NamedTuple

import msgspec
from isal import isal_zlib

from synchronizer import errors, outgoing
from synchronizer.bus import envelope
from synchronizer.ledger import Ledger, StreamState
from synchronizer.snapshot import arguments, cursor, page, token
from synchronizer.snapshot.directory import Directory
from synchronizer.snapshot.filters import Question
from synchronizer.snapshot.freshness import Freshness, wire_instant
from synchronizer.snapshot.readahead import ReadAhead

MOST_ENTITIES = 5000
#: How the entities of a page travel, and at most how many bytes of its message a text takes.
ENCODINGS = {"json": outgoing.weigh, "zlib": outgoing.weigh_packed}


class GetAll:
    """Answers get_all; all that a walk over pages needs is in its cursor."""

    def __init__(
        self,
        ledger: Ledger,
        directory: Directory,
        freshness: Freshness,
        *,
        page_size: int,
        max_bytes: int,
    ) -> None:
        self._ledger = ledger
        self._directory = directory
        self._freshness = freshness
        self._page_size = page_size
        self._max_bytes = max_bytes
        self._ahead: ReadAhead[_Asked, _Made] = ReadAhead(self._make)

    def answer(
        self,
        type_: Any,
        cloud: Any,
        max_age: Any,
        limit: Any,
        cursor_text: Any,
        fields: Any,
        where: Any,
        encoding: Any,
    ) -> dict[str, Any]:
        """One page. `max_age` counts for the first only: the others show the same revision.

        With a token of `errors.Listing` for a cursor: the first page, after waiting on.
        """
        size = arguments.optional_integer("limit", limit, 1, MOST_ENTITIES) or self._page_size
        form = "json" if encoding is None else encoding
        if not isinstance(form, str) or form not in ENCODINGS:
            raise errors.BadRequest(f"encoding must be one of {', '.join(ENCODINGS)}")
        question = Question(fields, where)
        if isinstance(cursor_text, str) and not token.is_token(cursor_text):
            state, position = self._resume(type_, cloud, cursor_text, question)
        else:
            state = self._begin(type_, cloud, max_age, cursor_text)
            position = _first(state, question)
        wanted = _Wanted(state.id, position, size, form)
        made = self._ahead.take(_Asked(wanted, question)) if _stands(state, position) else None
        if made is None:
            made = self._make(_Asked(wanted, question))
        # Not after the first page already: many want no more than that.
        if made.following is not None and position.after:
            self._ahead.begin(_Asked(wanted._replace(position=made.following), question))
        return {
            "schema": envelope.SCHEMA,
            "cloud": position.cloud,
            "type": position.type,
            "epoch": position.epoch,
            "revision": position.at,
            "count": position.count,
            "digest": position.digest,
            "listed_at": wire_instant(position.listed_at),
            "held": self._ledger.held_count(state.id),
            "entities": made.entities,
            "encoding": form,
            "cursor": None if made.following is None else made.following.encode(),
        }

    def _make(self, asked: "_Asked") -> "_Made":
        """Read and pack a page."""
        stream_id, position, size, form = asked.wanted
        items = page.read_items(
            self._ledger,
            stream_id,
            position,
            asked.question,
            limit=size,
            max_bytes=self._max_bytes,
            weigh=ENCODINGS[form],
        )
        following = None
        if not items.done:
            following = msgspec.structs.replace(position, after=items.after)
        return _Made(_encoded(items.texts, form), following)

    def _begin(self, type_: Any, cloud: Any, max_age: Any, cursor_text: Any) -> StreamState:
        """The stream, as fresh as was asked for."""
        if cursor_text is None:
            return self._freshness.settle(self._directory.find(type_, cloud), max_age)
        if not isinstance(cursor_text, str):
            raise errors.BadCursor
        return self._wait_on(type_, cloud, cursor_text)

    def _wait_on(self, type_: Any, cloud: Any, text: str) -> StreamState:
        """The stream once it has the listing that a token speaks of."""
        wanted = token.decode(text)
        asked = (arguments.text("type", type_), wanted.cloud if cloud is None else cloud)
        if asked != (wanted.type, wanted.cloud):
            raise errors.BadCursor(f"the cursor is of {wanted.cloud}/{wanted.type}")
        return self._freshness.resume(self._directory.find(*asked), wanted)

    def _resume(
        self, type_: Any, cloud: Any, text: str, question: Question
    ) -> tuple[StreamState, cursor.Cursor]:
        position = cursor.decode(text)
        asked = (arguments.text("type", type_), position.cloud if cloud is None else cloud)
        if asked != (position.type, position.cloud):
            raise errors.BadCursor(f"the cursor is of {position.cloud}/{position.type}")
        if question.hash != position.question:
            raise errors.BadCursor("the cursor belongs to other fields, or to another where")
        return self._directory.find(*asked), position


class _Wanted(NamedTuple):
    """A page, which shows the same whenever it is made."""

    stream_id: int
    position: cursor.Cursor
    size: int
    form: str


@dataclasses.dataclass(frozen=True, slots=True)
class _Asked:
    """A page and the question, of which the position knows the hash."""

    wanted: _Wanted
    question: Question = dataclasses.field(compare=False)


@dataclasses.dataclass(frozen=True, slots=True)
class _Made:
    """`following`: where the next page begins, if there is one."""

    entities: Any
    following: cursor.Cursor | None


def _stands(state: StreamState, position: cursor.Cursor) -> bool:
    """Whether the snapshot can still be walked over; if not, reading it says why."""
    return state.epoch == position.epoch and state.floor <= position.at


def _first(state: StreamState, question: Question) -> cursor.Cursor:
    """Where a walk over the stream as it is now begins."""
    return cursor.Cursor(
        cloud=state.key.cloud,
        type=state.key.type,
        epoch=state.epoch,
        at=state.revision,
        after=0,
        count=state.count,
        digest=envelope.digest_to_wire(state.digest),
        listed_at=state.listed_at,
        question=question.hash,
    )


def _encoded(texts: list[bytes], form: str) -> Any:
    array = b"[" + b",".join(texts) + b"]"
    if form == "zlib":
        return base64.b64encode(isal_zlib.compress(array, 1)).decode()
    return msgspec.json.decode(array)
