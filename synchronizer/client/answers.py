# SPDX-License-Identifier: Apache-2.0
"""From the answers of the snapshot server to values. What does not have the agreed form is
`errors.BadMessage`, which says where."""

import base64
import binascii
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar, overload

import msgspec

from synchronizer import errors
from synchronizer.bus import envelope
from synchronizer.client.values import (
    Activity,
    ChangesAnswer,
    Info,
    Item,
    Page,
    StreamInfo,
    Version,
)
from synchronizer.model import Entity, Op

#: A page has 512 KiB of entities; one that unpacks to more than this is none of ours.
MAX_PAGE = 64 << 20

T = TypeVar("T")


class _Item(msgspec.Struct, gc=False):
    id: str
    revision: int
    fingerprint: str
    sampled_at: str
    # Decoded one at a time, when its turn has come: a page of objects at once is more
    # memory, and more work for the garbage collector.
    entity: msgspec.Raw
    oversized: bool = False


class _Snapshot(msgspec.Struct):
    cloud: str
    type: str
    epoch: str
    revision: int
    count: int
    digest: str
    listed_at: str | None
    held: int
    entities: Any
    cursor: str | None
    encoding: str = "json"


class _Present(msgspec.Struct):
    revision: int
    listed_at: str | None
    held: int


class _Set(msgspec.Struct):
    epoch: str
    first: int
    last: int
    count: int
    digest: str
    changes: list[Any]


class _Version(msgspec.Struct):
    cloud: str
    type: str
    epoch: str
    id: str
    revision: int
    op: Op
    fingerprint: str | None
    sampled_at: str
    changed: list[str]
    entity: dict[str, Any] | None


class _Part(msgspec.Struct):
    part: int
    parts: int
    revision: int
    data: str


class _Condition(msgspec.Struct):
    since: str
    message: str


class _Stream(msgspec.Struct):
    epoch: str
    revision: int
    published: int
    count: int
    digest: str
    floor: int
    listed_at: str | None
    held: int
    condition: _Condition | None = None
    activity: Activity | None = None
    interval: float | None = None
    owner: str | None = None


class _Description(msgspec.Struct):
    clouds: dict[str, dict[str, _Stream]]


_items = msgspec.json.Decoder(list[_Item])
_entity = msgspec.json.Decoder(dict[str, Any])
_NOTHING = b"null"


def page(wire: object, *, packed: bool = False) -> Page:
    """A page of `get_all`; `packed`: its entities are left as JSON texts."""
    return read("get_all", lambda: _page(convert(wire, _Snapshot), packed))


def changes(wire: object) -> ChangesAnswer:
    """The answer to `changes`: a change set, possibly empty, and where the stream stands."""
    return read("changes", lambda: _changes(wire))


def version(wire: object) -> Version:
    """The answer to `get`, whole."""
    return read("get", lambda: _version(convert(wire, _Version)))


def parts_of(wire: object) -> tuple[int, int] | None:
    """(revision, number of parts) when the answer to `get` is too big to come whole."""
    if not isinstance(wire, dict) or not wire.get("oversized"):
        return None
    revision, parts = wire.get("revision"), wire.get("parts")
    if not isinstance(revision, int) or not isinstance(parts, int) or parts < 1:
        raise errors.BadMessage("the answer to get: oversized, without revision and parts")
    return revision, parts


def part(wire: object, number: int) -> str:
    """The text of one part of an entity."""
    answer = read("get", lambda: convert(wire, _Part))
    if answer.part != number:
        raise errors.BadMessage(f"the answer to get: part {answer.part} instead of {number}")
    return answer.data


def entity(text: str) -> Entity:
    """The entity whose parts make up this JSON text."""
    return read("get", lambda: _entity.decode(text))


def description(wire: object) -> tuple[StreamInfo, ...]:
    """The streams that `describe` answers, sorted by cloud and type."""
    return read("describe", lambda: _description(convert(wire, _Description)))


def read(method: str, make: Callable[[], T]) -> T:
    """What `make` makes of the answer to a method."""
    try:
        return make()
    except errors.BadMessage:
        raise
    except (msgspec.MsgspecError, ValueError, zlib.error) as error:
        raise _bad(method, error) from None


def _bad(method: str, error: Exception) -> errors.BadMessage:
    return errors.BadMessage(f"the answer to {method}: {error}")


def convert(wire: object, form: type[T]) -> T:
    """The answer in the form of a struct."""
    return msgspec.convert(wire, form)


def _page(wire: _Snapshot, packed: bool) -> Page:
    if wire.encoding == "zlib":
        items = _items.decode(_unpack(wire.entities))
    else:
        items = _items.decode(msgspec.json.encode(wire.entities))
    info = Info(
        cloud=wire.cloud,
        type=wire.type,
        epoch=wire.epoch,
        revision=wire.revision,
        count=wire.count,
        digest=envelope.digest_from_wire(wire.digest),
        listed_at=_instant(wire.listed_at),
        held=wire.held,
    )
    return Page(info, _Items(items, packed), wire.cursor)


class _Items(Sequence[Item]):
    """A page's items, each made when it is asked for."""

    def __init__(self, wire: list[_Item], packed: bool) -> None:
        self._wire = wire
        self._packed = packed

    def __len__(self) -> int:
        return len(self._wire)

    @overload
    def __getitem__(self, place: int) -> Item: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Item]: ...
    def __getitem__(self, place: int | slice) -> Item | Sequence[Item]:
        found = self._wire[place]
        if isinstance(found, list):
            return _Items(found, self._packed)
        return read("get_all", lambda: _item(found, self._packed))

    def __iter__(self) -> Iterator[Item]:
        try:
            for wire in self._wire:
                yield _item(wire, self._packed)
        except (msgspec.MsgspecError, ValueError) as error:
            raise _bad("get_all", error) from None


def _unpack(text: object) -> bytes:
    if not isinstance(text, str):
        raise errors.BadMessage("the answer to get_all: entities are not packed in a text")
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(base64.b64decode(text, validate=True), MAX_PAGE)
    except binascii.Error as error:
        raise errors.BadMessage(f"the answer to get_all: {error}") from None
    if not unpacker.eof:
        raise errors.BadMessage(
            f"the answer to get_all: the page is cut off, or above {MAX_PAGE} bytes"
        )
    return data


def _item(wire: _Item, packed: bool) -> Item:
    text = bytes(wire.entity)
    absent = text == _NOTHING
    if absent and not wire.oversized:
        raise errors.BadMessage(f"the answer to get_all: {wire.id!r:.80} comes without entity")
    if packed and not absent and not text.startswith(b"{"):
        raise errors.BadMessage(f"the answer to get_all: {wire.id!r:.80} is not an object")
    return Item(
        wire.id,
        wire.revision,
        envelope.fingerprint_from_wire(wire.fingerprint),
        envelope.instant_from_wire(wire.sampled_at),
        None if absent or packed else _entity.decode(text),
        wire.oversized,
        text if packed and not absent else None,
    )


def _changes(wire: object) -> ChangesAnswer:
    present = convert(wire, _Present)
    form = convert(wire, _Set)
    if form.changes:
        form_changes = envelope.change_set_from_wire(wire).changes
    elif form.last == form.first - 1:
        form_changes = ()
    else:
        raise errors.BadMessage(f"the answer to changes: nothing from {form.first} to {form.last}")
    return ChangesAnswer(
        epoch=form.epoch,
        first=form.first,
        last=form.last,
        count=form.count,
        digest=envelope.digest_from_wire(form.digest),
        changes=form_changes,
        revision=present.revision,
        listed_at=_instant(present.listed_at),
        held=present.held,
    )


def _version(wire: _Version) -> Version:
    return Version(
        cloud=wire.cloud,
        type=wire.type,
        epoch=wire.epoch,
        id=wire.id,
        revision=wire.revision,
        op=wire.op,
        fingerprint=(
            None if wire.fingerprint is None else envelope.fingerprint_from_wire(wire.fingerprint)
        ),
        sampled_at=envelope.instant_from_wire(wire.sampled_at),
        changed=tuple(wire.changed),
        entity=wire.entity,
    )


def _description(wire: _Description) -> tuple[StreamInfo, ...]:
    return tuple(
        StreamInfo(
            cloud=cloud,
            type=type_,
            epoch=stream.epoch,
            revision=stream.revision,
            published=stream.published,
            count=stream.count,
            digest=envelope.digest_from_wire(stream.digest),
            floor=stream.floor,
            listed_at=_instant(stream.listed_at),
            held=stream.held,
            failing_since=_instant(stream.condition.since) if stream.condition else None,
            problem=stream.condition.message if stream.condition else None,
            activity=stream.activity,
            interval=stream.interval,
            owner=stream.owner,
        )
        for cloud, types in sorted(wire.clouds.items())
        for type_, stream in sorted(types.items())
    )


def _instant(text: str | None) -> int | None:
    return None if text is None else envelope.instant_from_wire(text)
