# SPDX-License-Identifier: Apache-2.0
"""Reads one page's items out of the ledger, as JSON texts.

A stored entity is already JSON: unless fields or where ask for a look into it, its
bytes go into the page as they are and are never decoded.
"""

import dataclasses
from collections.abc import Callable

import msgspec

from synchronizer import fingerprint, outgoing
from synchronizer.bus import envelope
from synchronizer.ledger import Ledger, SnapshotItem
from synchronizer.snapshot.cursor import Cursor
from synchronizer.snapshot.filters import Question

#: Entities looked at for one page: a filter that few match must not hold a thread for long.
MOST_SCANNED = 5000
#: Entities read at once where a filter may leave few of them.
_READ = 500

_text = msgspec.json.Encoder()


@dataclasses.dataclass(frozen=True, slots=True)
class Items:
    """`texts`: one JSON object per entity. `after`: the last revision that was looked at."""

    texts: list[bytes]
    after: int
    done: bool


def read_items(
    ledger: Ledger,
    stream_id: int,
    position: Cursor,
    question: Question,
    *,
    limit: int,
    max_bytes: int,
    weigh: Callable[[bytes], int] = outgoing.weigh,
) -> Items:
    """The items that follow `position`: at most `limit`, and as many as a message carries.

    `weigh`: at most how many bytes of a message an item takes.
    """
    texts: list[bytes] = []
    room = outgoing.message_bytes(max_bytes)
    after = position.after
    scanned = 0
    size = limit if question.is_plain else max(limit, _READ)
    while True:
        read = ledger.snapshot_page(
            stream_id, position.epoch, position.at, after, limit=size, max_bytes=max_bytes
        )
        for version in read.versions:
            text = item_of(version, question, max_bytes)
            if text is not None:
                room -= weigh(text)
                if texts and (room < 0 or len(texts) == limit):
                    return Items(texts, after, done=False)
                texts.append(text)
            after = version.revision
        after = read.last
        scanned += len(read.versions)
        full = question.is_plain or len(texts) >= limit or scanned >= MOST_SCANNED
        if read.done or full:
            return Items(texts, after, read.done)


def item_of(version: SnapshotItem, question: Question, max_bytes: int) -> bytes | None:
    """One entity of a page; None when the question does not want it."""
    revision, id_, fingerprint_, sampled_at, entity = version
    if not question.is_plain:
        decoded = fingerprint.decode(entity)
        if not question.matches(decoded):
            return None
        entity = fingerprint.encode(question.shown(decoded))
    if outgoing.is_too_big(entity, max_bytes):
        entity = b'null,"oversized":true'
    head = (
        f'{{"id":{_text.encode(id_).decode()},"revision":{revision}'
        f',"fingerprint":"{envelope.fingerprint_to_wire(fingerprint_)}"'
        f',"sampled_at":"{envelope.instant_to_wire(sampled_at)}","entity":'
    )
    return b"%b%b}" % (head.encode(), entity)
