# SPDX-License-Identifier: Apache-2.0
"""Services' JSON documents, cut into the texts of their entities without decoding those."""

import functools
from collections.abc import Mapping

import msgspec

from synchronizer import errors
from synchronizer.plugin.openstack.answers import Answer, excerpt

_objects = msgspec.json.Decoder(dict[str, msgspec.Raw])

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def page(
    answer: Answer, service: str, plural: str, keys: tuple[str, ...] = ()
) -> tuple[list[msgspec.Raw], "Rest"]:
    """The entities under the key `plural`, and what the document has under these other keys.
    `BadAnswer` unless it is an object with a list there."""
    try:
        found = _pages(plural, keys).decode(answer.body)
    except _UNREADABLE as error:
        raise unintelligible(answer, service, error) from None
    items, *rest = msgspec.structs.astuple(found)
    present = {key: raw for key, raw in zip(keys, rest, strict=True) if raw is not msgspec.UNSET}
    return items, Rest(present)


@functools.lru_cache(maxsize=256)
def _pages(plural: str, keys: tuple[str, ...]) -> msgspec.json.Decoder[msgspec.Struct]:
    """One pass over a page: a megabyte of entities is not scanned twice to be cut up."""
    names = (plural, *keys)
    optional = msgspec.Raw | msgspec.UnsetType
    return msgspec.json.Decoder(
        msgspec.defstruct(
            "Page",
            [
                ("_0", list[msgspec.Raw]),
                *((f"_{number}", optional, msgspec.UNSET) for number in range(1, len(names))),
            ],
            rename={f"_{number}": name for number, name in enumerate(names)},
        )
    )


def one(answer: Answer, service: str, singular: str | None) -> msgspec.Raw:
    """The entity under the key `singular`, or the whole document if that is None. `BadAnswer`
    unless it is an object."""
    try:
        document = _objects.decode(answer.body)
        if singular is None:
            return msgspec.Raw(answer.body)
        if singular not in document:
            raise missing(answer, service, singular)
        _objects.decode(document[singular])
        return document[singular]
    except _UNREADABLE as error:
        raise unintelligible(answer, service, error) from None


class Rest:
    """What a page holds beside its entities: links, and marks that it is cut short."""

    def __init__(self, document: Mapping[str, msgspec.Raw]) -> None:
        self._document = document

    def get(self, key: str) -> object:
        """The value of a key, decoded; None where it is missing."""
        raw = self._document.get(key)
        return None if raw is None else msgspec.json.decode(raw)


def fields(raw: msgspec.Raw | bytes) -> dict[str, msgspec.Raw]:
    """An entity's fields, their values not decoded. Raises `msgspec.DecodeError`."""
    return _objects.decode(raw)


def text(raw: msgspec.Raw | bytes, field: str) -> object:
    """The value of one of an entity's fields; None if there is none."""
    try:
        return msgspec.json.decode(fields(raw)[field])
    except (*_UNREADABLE, KeyError):
        return None


def missing(answer: Answer, service: str, key: str) -> errors.BadAnswer:
    return errors.BadAnswer(
        f"{service}: {answer.request} answered {answer.status} without {key!r}; is that"
        f" {service}'s endpoint?"
    )


def unintelligible(answer: Answer, service: str, error: Exception) -> errors.BadAnswer:
    """Says what is wrong, and quotes nothing that may come out of an entity."""
    kind = answer.headers.get("Content-Type", "unknown type")
    said = f": {excerpt(answer.body)}" if answer.body.lstrip()[:1] == b"<" else f": {error}"
    return errors.BadAnswer(
        f"{service}: {answer.request} answered {answer.status} with {len(answer.body)} bytes"
        f" ({kind}) that are not what was asked for{said}"
    )
