# SPDX-License-Identifier: Apache-2.0
"""One server by its id, and Nova's own word that there is none."""

import contextlib
import urllib.parse

import msgspec

from synchronizer.plugin import BadAnswer, NotFound, Unclear
from synchronizer.plugin.openstack import Answer, failure
from synchronizer_plugins.nova import rows
from synchronizer_plugins.nova.connection import SERVICE, Nova


class _Fault(msgspec.Struct):
    code: int
    message: str = ""


class _ItemNotFound(msgspec.Struct, rename={"fault": "itemNotFound"}):
    fault: _Fault


_not_found = msgspec.json.Decoder(_ItemNotFound)
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])

#: What Nova shows of one server (from 2.71 on) and never in a listing. Kept, it would look like
#: a change each time that a server is seen by the other way.
NOT_LISTED = frozenset({"server_groups"})


def get(nova: Nova, id_: str) -> bytes:
    """The server's JSON text. `NotFound` and `Unclear` as `synchronizer.plugin.GetsOne` has it."""
    if id_ in {"", ".", ".."}:
        raise Unclear(f"nova: {id_!r} cannot be asked for")
    answer = nova.get(f"/servers/{urllib.parse.quote(id_, safe='')}", {})
    if answer.status == 404 and says_not_found(answer, id_):
        raise NotFound(f"nova has no server {id_}")
    if answer.status != 200:
        raise failure(answer, SERVICE)
    raw, row = rows.one(answer)
    if row.id != id_:
        raise BadAnswer(f"nova: asked for the server {id_}, it answered with another one")
    if row.partial:
        raise Unclear(f"nova cannot read the server {id_} now: its cell is down")
    return as_listed(raw)


def as_listed(raw: msgspec.Raw) -> bytes:
    """The server's JSON text as a listing has it; the order of the fields is another one."""
    fields = _fields.decode(raw)
    if NOT_LISTED.isdisjoint(fields):
        return bytes(raw)
    return msgspec.json.encode(
        {name: value for name, value in fields.items() if name not in NOT_LISTED}
    )


def says_not_found(answer: Answer, id_: str) -> bool:
    """Whether a 404 is Nova's own and about this server.

    A proxy, a wrong endpoint or another service answer 404 too. Nova's has the fault
    itemNotFound, and names the server or carries Nova's version headers.
    """
    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
        fault = _not_found.decode(answer.body).fault
        version = answer.headers.get("OpenStack-API-Version", "")
        return fault.code == 404 and (id_ in fault.message or version.startswith("compute "))
    return False
