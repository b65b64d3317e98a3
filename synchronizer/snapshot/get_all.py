# SPDX-License-Identifier: Apache-2.0
"""get_all: the pages of a stream's snapshot at one revision."""

import base64
import zlib
from typing import Any

import msgspec

from synchronizer import errors, outgoing
from synchronizer.bus import envelope
from synchronizer.ledger import Ledger, StreamState
from synchronizer.snapshot import arguments, cursor, page, token
from synchronizer.snapshot.directory import Directory
from synchronizer.snapshot.filters import Question
from synchronizer.snapshot.freshness import Freshness, wire_instant

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
        if cursor_text is None:
            state = self._freshness.settle(self._directory.find(type_, cloud), max_age)
            stream_id, position = _first(state, question)
        elif isinstance(cursor_text, str) and token.is_token(cursor_text):
            stream_id, position = _first(self._wait_on(type_, cloud, cursor_text), question)
        else:
            stream_id, position = self._resume(type_, cloud, cursor_text, question)
        items = page.read_items(
            self._ledger,
            stream_id,
            position,
            question,
            limit=size,
            max_bytes=self._max_bytes,
            weigh=ENCODINGS[form],
        )
        following = None
        if not items.done:
            following = msgspec.structs.replace(position, after=items.after).encode()
        return {
            "schema": envelope.SCHEMA,
            "cloud": position.cloud,
            "type": position.type,
            "epoch": position.epoch,
            "revision": position.at,
            "count": position.count,
            "digest": position.digest,
            "listed_at": wire_instant(position.listed_at),
            "held": self._ledger.held_count(stream_id),
            "entities": _encoded(items.texts, form),
            "encoding": form,
            "cursor": following,
        }

    def _wait_on(self, type_: Any, cloud: Any, text: str) -> StreamState:
        """The stream once it has the listing that a token speaks of."""
        wanted = token.decode(text)
        asked = (arguments.text("type", type_), wanted.cloud if cloud is None else cloud)
        if asked != (wanted.type, wanted.cloud):
            raise errors.BadCursor(f"the cursor is of {wanted.cloud}/{wanted.type}")
        return self._freshness.resume(self._directory.find(*asked), wanted)

    def _resume(
        self, type_: Any, cloud: Any, text: Any, question: Question
    ) -> tuple[int, cursor.Cursor]:
        if not isinstance(text, str):
            raise errors.BadCursor
        position = cursor.decode(text)
        asked = (arguments.text("type", type_), position.cloud if cloud is None else cloud)
        if asked != (position.type, position.cloud):
            raise errors.BadCursor(f"the cursor is of {position.cloud}/{position.type}")
        if question.hash != position.question:
            raise errors.BadCursor("the cursor belongs to other fields, or to another where")
        return self._directory.find(*asked).id, position


def _first(state: StreamState, question: Question) -> tuple[int, cursor.Cursor]:
    """Where a walk over the stream as it is now begins."""
    return state.id, cursor.Cursor(
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
        return base64.b64encode(zlib.compress(array, 1)).decode()
    return msgspec.json.decode(array)
