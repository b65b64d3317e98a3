# SPDX-License-Identifier: Apache-2.0
"""get_all: the pages of a stream's snapshot at one revision."""

import base64
import zlib
from typing import Any

import msgspec

from synchronizer import errors
from synchronizer.bus import envelope
from synchronizer.ledger import Ledger
from synchronizer.snapshot import arguments, cursor, page
from synchronizer.snapshot.directory import Directory
from synchronizer.snapshot.filters import Question
from synchronizer.snapshot.freshness import Freshness, wire_instant

MOST_ENTITIES = 5000
ENCODINGS = ("json", "zlib")


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
        """One page. `max_age` counts for the first only: the others show the same revision."""
        size = arguments.optional_integer("limit", limit, 1, MOST_ENTITIES) or self._page_size
        form = "json" if encoding is None else encoding
        if form not in ENCODINGS:
            raise errors.BadRequest(f"encoding must be one of {', '.join(ENCODINGS)}")
        question = Question(fields, where)
        if cursor_text is None:
            stream_id, position = self._begin(type_, cloud, max_age, question)
        else:
            stream_id, position = self._resume(type_, cloud, cursor_text, question)
        items = page.read_items(
            self._ledger, stream_id, position, question, limit=size, max_bytes=self._max_bytes
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

    def _begin(
        self, type_: Any, cloud: Any, max_age: Any, question: Question
    ) -> tuple[int, cursor.Cursor]:
        state = self._freshness.settle(self._directory.find(type_, cloud), max_age)
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


def _encoded(texts: list[bytes], form: str) -> Any:
    array = b"[" + b",".join(texts) + b"]"
    if form == "zlib":
        return base64.b64encode(zlib.compress(array, 1)).decode()
    return msgspec.json.decode(array)
