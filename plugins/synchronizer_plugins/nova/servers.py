# SPDX-License-Identifier: Apache-2.0
"""Servers, looked into as little as possible: a page of a thousand is a matter of milliseconds."""

import datetime
from collections.abc import Mapping, Sequence

import msgspec

from synchronizer.plugin.openstack import Sorted

Text = msgspec.Raw | bytes

#: What Nova shows of one server (from 2.71 on) and never in a listing. Kept, it would look like
#: a change each time that a server is seen by the other way.
NOT_LISTED = frozenset({"server_groups"})


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


_rows = msgspec.json.Decoder(Row)
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])


def sort(body: bytes, servers: Sequence[Text]) -> Sorted:
    """Tells whole servers from deleted and partial ones.

    Decodes nothing on a page whose bytes name neither status, as almost all do.
    """
    if not _may_name(body, b'"UNKNOWN"') and not _may_name(body, b'"DELETED"'):
        return Sorted(servers)
    items: list[Text] = []
    deleted: list[str] = []
    unclear: list[str] = []
    for raw in servers:
        try:
            row = _rows.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError):
            items.append(raw)  # the sampler says what is wrong with it
            continue
        if row.deleted:
            deleted.append(row.id)
        elif row.partial:
            unclear.append(row.id)
        else:
            items.append(raw)
    problems = []
    if unclear:
        problems.append(
            f"a cell is down: {len(unclear)} servers cannot be read, such as {unclear[0]}"
        )
    return Sorted(items, deleted, unclear, problems)


def is_partial(server: Text) -> bool:
    """Whether a cell is down, and this is all that Nova knows without it."""
    try:
        return _rows.decode(server).partial
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False


def as_listed(server: Text) -> Text:
    """The server's JSON text as a listing has it; the order of the fields is another one."""
    fields = _fields.decode(server)
    if NOT_LISTED.isdisjoint(fields):
        return server
    return msgspec.json.encode(
        {name: value for name, value in fields.items() if name not in NOT_LISTED}
    )


def changed_since(instant: int) -> Mapping[str, str]:
    """The filter for servers whose `updated` is `instant` (microseconds since 1970) or later.

    In whole seconds, rounded down, since Nova keeps no parts of them.
    """
    moment = datetime.datetime.fromtimestamp(instant // 1_000_000, datetime.UTC)
    return {"changes-since": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}


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
