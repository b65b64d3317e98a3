# SPDX-License-Identifier: Apache-2.0
"""Change sets and bookmarks as the JSON objects of the wire contract (schema 1), and back.

Encoding takes valid values for granted. Decoding believes nothing: what does not have
the agreed form is `errors.BadMessage`, which says where and why. Keys that it does not
know are ignored, so that a later version may add some.
"""

import datetime
import functools
import itertools
import re
from typing import Any, cast

import msgspec

from synchronizer import errors
from synchronizer.bus import topics
from synchronizer.model import Bookmark, Change, ChangeSet, Entity, Op

SCHEMA = 1

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)
_FINGERPRINT = "xxh3:"
#: Seconds; a year.
_LONGEST = 31_536_000
_HEX32 = re.compile(r"[0-9a-f]{32}")
_OPS = ("create", "update", "delete")
_entity = msgspec.json.Decoder(dict[str, Any])


# --- single values -------------------------------------------------------------


@functools.lru_cache(maxsize=4096)  # a page's entities were sampled at few instants
def instant_to_wire(instant: int) -> str:
    """`2026-01-02T03:04:05.678901Z` of microseconds since the epoch."""
    when = _EPOCH + instant * _MICROSECOND
    return when.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


@functools.lru_cache(maxsize=4096)
def instant_from_wire(text: str) -> int:
    """Microseconds since the epoch; ValueError when the text is no instant with an offset."""
    when = datetime.datetime.fromisoformat(text)
    if when.tzinfo is None:
        raise ValueError(f"{text!r} has no offset from UTC")
    return (when - _EPOCH) // _MICROSECOND


def fingerprint_to_wire(fingerprint: bytes) -> str:
    """`xxh3:` and 32 hexadecimal digits of 16 bytes."""
    return _FINGERPRINT + fingerprint.hex()


def fingerprint_from_wire(text: str) -> bytes:
    """16 bytes; ValueError when the text is not `xxh3:` and 32 hexadecimal digits."""
    try:
        fingerprint = bytes.fromhex(text.removeprefix(_FINGERPRINT))
    except ValueError:
        fingerprint = b""
    # `fromhex` takes spaces and capitals, too.
    if len(fingerprint) == 16 and text == fingerprint_to_wire(fingerprint):
        return fingerprint
    raise ValueError(f"{text!r} is not {_FINGERPRINT} and 32 hexadecimal digits")


def digest_to_wire(digest: int) -> str:
    """32 hexadecimal digits."""
    return f"{digest:032x}"


def digest_from_wire(text: str) -> int:
    """The digest; ValueError when the text is not 32 hexadecimal digits."""
    if not _HEX32.fullmatch(text):
        raise ValueError(f"{text!r} is not 32 hexadecimal digits")
    return int(text, 16)


# --- out -----------------------------------------------------------------------


def change_set_to_wire(changes: ChangeSet) -> dict[str, Any]:
    """The payload of a `.changes` notification."""
    return {
        "schema": SCHEMA,
        "cloud": changes.cloud,
        "type": changes.type,
        "epoch": changes.epoch,
        "first": changes.first,
        "last": changes.last,
        "count": changes.count,
        "digest": digest_to_wire(changes.digest),
        "changes": [change_to_wire(change) for change in changes.changes],
    }


def change_to_wire(change: Change) -> dict[str, Any]:
    """One change, as notifications and the answers to `changes` carry it."""
    entity = change.entity
    wire: dict[str, Any] = {
        "revision": change.revision,
        "op": change.op,
        "id": change.id,
        "sampled_at": instant_to_wire(change.sampled_at),
        "fingerprint": None
        if change.fingerprint is None
        else fingerprint_to_wire(change.fingerprint),
        "changed": list(change.changed),
        "entity": _entity.decode(entity) if isinstance(entity, bytes) else entity,
    }
    if change.oversized:
        wire["oversized"] = True
    return wire


def bookmark_to_wire(bookmark: Bookmark) -> dict[str, Any]:
    """The payload of a `.bookmark` notification."""
    wire: dict[str, Any] = {
        "schema": SCHEMA,
        "cloud": bookmark.cloud,
        "type": bookmark.type,
        "epoch": bookmark.epoch,
        "revision": bookmark.revision,
        "count": bookmark.count,
        "digest": digest_to_wire(bookmark.digest),
        "listed_at": None if bookmark.listed_at is None else instant_to_wire(bookmark.listed_at),
        "next_within": bookmark.next_within,
    }
    if bookmark.nonce is not None:
        wire["nonce"] = bookmark.nonce
    return wire


# --- in ------------------------------------------------------------------------


class _Reader:
    """Takes typed values out of a JSON object and says where one is wrong."""

    def __init__(self, where: str, wire: object) -> None:
        if not isinstance(wire, dict):
            raise errors.BadMessage(f"{where} is not an object but {type(wire).__name__}")
        self._where = where
        self._wire: dict[str, Any] = wire

    def wrong(self, name: str, why: object) -> errors.BadMessage:
        return errors.BadMessage(f"{self._where}: {name}: {why}")

    def has(self, name: str) -> bool:
        return self._wire.get(name) is not None

    def value(self, name: str) -> Any:
        try:
            return self._wire[name]
        except KeyError:
            raise self.wrong(name, "missing") from None

    def text(self, name: str) -> str:
        value = self.value(name)
        if not isinstance(value, str) or not value:
            raise self.wrong(name, f"not a text but {value!r:.80}")
        return value

    def integer(self, name: str, least: int = 0) -> int:
        value = self.value(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self.wrong(name, f"not an integer of at least {least} but {value!r:.80}")
        return value

    def seconds(self, name: str) -> float:
        value = self.value(name)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self.wrong(name, f"not a number but {value!r:.80}")
        # JSON has no infinity, but Python's reader takes it: it would be to wait for ever.
        if not 0 < value <= _LONGEST:
            raise self.wrong(name, f"not between 0 and {_LONGEST} seconds but {value!r:.80}")
        return float(value)

    def flag(self, name: str) -> bool:
        value = self._wire.get(name, False)
        if not isinstance(value, bool):
            raise self.wrong(name, f"neither true nor false but {value!r:.80}")
        return value

    def items(self, name: str) -> list[Any]:
        value = self.value(name)
        if not isinstance(value, list):
            raise self.wrong(name, f"not a list but {type(value).__name__}")
        return value

    def instant(self, name: str) -> int:
        try:
            return instant_from_wire(self.text(name))
        except ValueError as error:
            raise self.wrong(name, error) from None

    def fingerprint(self, name: str) -> bytes:
        try:
            return fingerprint_from_wire(self.text(name))
        except ValueError as error:
            raise self.wrong(name, error) from None

    def digest(self, name: str) -> int:
        try:
            return digest_from_wire(self.text(name))
        except ValueError as error:
            raise self.wrong(name, error) from None

    def stream(self) -> tuple[str, str]:
        try:
            return topics.check_cloud(self.text("cloud")), topics.check_type(self.text("type"))
        except topics.BadName as error:
            raise errors.BadMessage(f"{self._where}: {error.message}") from None


def change_set_from_wire(wire: object) -> ChangeSet:
    """The inverse of `change_set_to_wire`; changes are contiguous from `first` to `last`."""
    read = _Reader("change set", wire)
    _check_schema(read)
    cloud, type_ = read.stream()
    first, last = read.integer("first", 1), read.integer("last", 1)
    changes = tuple(change_from_wire(item) for item in read.items("changes"))
    revisions = [change.revision for change in changes]
    if not revisions or (revisions[0], revisions[-1]) != (first, last):
        raise read.wrong("changes", f"do not go from {first} to {last}")
    if any(after != before + 1 for before, after in itertools.pairwise(revisions)):
        raise read.wrong("changes", "have a gap in their revisions")
    return ChangeSet(
        cloud=cloud,
        type=type_,
        epoch=read.text("epoch"),
        first=first,
        last=last,
        count=read.integer("count"),
        digest=read.digest("digest"),
        changes=changes,
    )


def change_from_wire(wire: object) -> Change:
    """The inverse of `change_to_wire`; the entity comes decoded."""
    read = _Reader("change", wire)
    op = read.text("op")
    if op not in _OPS:
        raise read.wrong("op", f"not one of {', '.join(_OPS)} but {op!r:.80}")
    changed = read.items("changed")
    if not all(isinstance(name, str) for name in changed):
        raise read.wrong("changed", "not a list of names")
    oversized = read.flag("oversized")
    live = op != "delete"
    if live and not oversized and not read.has("entity"):
        raise read.wrong("entity", "missing, and the change is not oversized")
    if not live and (read.has("entity") or oversized):
        raise read.wrong("entity", "present in a delete")
    return Change(
        revision=read.integer("revision", 1),
        op=cast(Op, op),
        id=read.text("id"),
        sampled_at=read.instant("sampled_at"),
        fingerprint=read.fingerprint("fingerprint") if live else None,
        changed=tuple(changed),
        entity=_entity_from_wire(read) if read.has("entity") else None,
        oversized=oversized,
    )


def bookmark_from_wire(wire: object) -> Bookmark:
    """The inverse of `bookmark_to_wire`."""
    read = _Reader("bookmark", wire)
    _check_schema(read)
    cloud, type_ = read.stream()
    return Bookmark(
        cloud=cloud,
        type=type_,
        epoch=read.text("epoch"),
        revision=read.integer("revision"),
        count=read.integer("count"),
        digest=read.digest("digest"),
        listed_at=read.instant("listed_at") if read.has("listed_at") else None,
        next_within=read.seconds("next_within"),
        nonce=read.text("nonce") if read.has("nonce") else None,
    )


def _entity_from_wire(read: _Reader) -> Entity:
    entity = read.value("entity")
    if not isinstance(entity, dict):
        raise read.wrong("entity", f"not an object but {type(entity).__name__}")
    return entity


def _check_schema(read: _Reader) -> None:
    schema = read.integer("schema", 1)
    if schema != SCHEMA:
        raise read.wrong("schema", f"{schema} is not known here, only {SCHEMA}")
