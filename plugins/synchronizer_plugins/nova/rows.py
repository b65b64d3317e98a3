# SPDX-License-Identifier: Apache-2.0
"""Nova's JSON, looked into as little as possible."""

import dataclasses

import msgspec

from synchronizer.plugin import BadAnswer
from synchronizer.plugin.openstack import Answer, excerpt


class Link(msgspec.Struct):
    rel: str
    href: str


class Listing(msgspec.Struct):
    """A page of /servers/detail, its servers not decoded."""

    servers: list[msgspec.Raw]
    servers_links: list[Link] = []

    @property
    def next(self) -> str | None:
        return next((link.href for link in self.servers_links if link.rel == "next"), None)


class One(msgspec.Struct):
    """The answer to a GET of one server."""

    server: msgspec.Raw


class Row(msgspec.Struct):
    """What tells a server's whereabouts."""

    id: str
    status: str = ""
    updated: str | None = None

    @property
    def deleted(self) -> bool:
        """Gone, says Nova. A SOFT_DELETED server is there still, and can be restored."""
        return self.status == "DELETED"

    @property
    def partial(self) -> bool:
        """What Nova makes up for a server whose cell is down: UNKNOWN, and hardly a field.

        A whole server may be in a state that Nova has no name for and be UNKNOWN, too.
        """
        return self.status == "UNKNOWN" and self.updated is None


_listings = msgspec.json.Decoder(Listing)
_ones = msgspec.json.Decoder(One)
_rows = msgspec.json.Decoder(Row)


def listing(answer: Answer) -> Listing:
    """`BadAnswer` unless it is a page of servers."""
    try:
        return _listings.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise unintelligible(answer, error) from None


def one(answer: Answer) -> tuple[msgspec.Raw, Row]:
    """A server's JSON text, and what is to be known of it. `BadAnswer` unless it is a server."""
    try:
        raw = _ones.decode(answer.body).server
        return raw, _rows.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise unintelligible(answer, error) from None


def unintelligible(answer: Answer, error: Exception) -> BadAnswer:
    """Says what is wrong, and quotes nothing that may come out of a server."""
    kind = answer.headers.get("Content-Type", "unknown type")
    said = f": {excerpt(answer.body)}" if answer.body.lstrip()[:1] == b"<" else f": {error}"
    return BadAnswer(
        f"nova: {answer.request} answered {answer.status} with {len(answer.body)} bytes"
        f" ({kind}) that are not what was asked for{said}"
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Sorted:
    """A page's servers: whole ones, ids of deleted ones, ids of those that cannot be read now."""

    items: list[msgspec.Raw]
    deleted: list[str]
    unclear: list[str]


def sort(body: bytes, servers: list[msgspec.Raw]) -> Sorted:
    """Tells whole servers from deleted and partial ones.

    Decodes nothing on a page whose bytes name neither status, as almost all do.
    """
    if not _may_name(body, b'"UNKNOWN"') and not _may_name(body, b'"DELETED"'):
        return Sorted(servers, [], [])
    result = Sorted([], [], [])
    for raw in servers:
        try:
            row = _rows.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError):
            result.items.append(raw)  # the sampler says what is wrong with it
            continue
        if row.deleted:
            result.deleted.append(row.id)
        elif row.partial:
            result.unclear.append(row.id)
        else:
            result.items.append(raw)
    return result


def _may_name(body: bytes, status: bytes) -> bool:
    """Whether a server of the page may have this status. Never wrongly no."""
    # One page is written by one serializer, whose colons look alike. The longer the text that
    # is looked for, the faster it is found missing.
    key = body.find(b'"status":')
    if key >= 0:
        value = body[key + 9 : key + 11]
        if value[:1] == b'"':
            return b'"status":' + status in body
        if value == b' "':
            return b'"status": ' + status in body
    return status in body
