# SPDX-License-Identifier: Apache-2.0
"""A change of the rules by which entities are compared.

It announces nothing: fingerprints and payloads stay, and only `match` is computed anew
from the payloads. That is done outside of any write transaction, in pages, and then
written at once; what was committed in between is added and the writing tried again.
"""

from collections.abc import Callable

from oslo_log import log as logging
from sqlalchemy import bindparam, select, update

from synchronizer.ledger import streams
from synchronizer.ledger.engine import Database
from synchronizer.ledger.payload import Payloads
from synchronizer.ledger.reading import LIVE
from synchronizer.ledger.schema import stream, version
from synchronizer.ledger.values import StreamState

LOG = logging.getLogger(__name__)

Rematch = Callable[[bytes], bytes]

_PAGE = 1000

_set_match = (
    update(version)
    .where(version.c.stream == bindparam("of_stream"), version.c.revision == bindparam("number"))
    .values(match=bindparam("fresh"))
)


def change(
    database: Database, payloads: Payloads, stream_id: int, rules: str, rematch: Rematch
) -> StreamState:
    """Put other rules in force. `rematch` gives an entity's match under them."""
    matches: dict[int, bytes] = {}
    done = 0
    while True:
        state, rows = _page(database, stream_id, done)
        if state.rules == rules:
            return state
        for revision, payload in rows:
            matches[revision] = rematch(payloads.unpack(payload))
            done = revision
        if len(rows) == _PAGE:
            continue
        changed = _apply(database, state, rules, matches)
        if changed is not None:
            LOG.info("%s: other rules are in force for %d entities", state.key, state.count)
            return changed


def _page(
    database: Database, stream_id: int, after: int
) -> tuple[StreamState, list[tuple[int, bytes]]]:
    with database.read() as connection:
        rows = connection.execute(
            select(version.c.revision, version.c.payload)
            .where(version.c.stream == stream_id, version.c.revision > after, LIVE)
            .order_by(version.c.revision)
            .limit(_PAGE)
        )
        return streams.load(connection, stream_id), [(row[0], row[1]) for row in rows]


def _apply(
    database: Database, state: StreamState, rules: str, matches: dict[int, bytes]
) -> StreamState | None:
    """Write it all, unless the stream has moved since `state`."""
    with database.write() as connection:
        result = connection.execute(
            update(stream)
            .where(
                stream.c.id == state.id,
                stream.c.revision == state.revision,
                stream.c.rules == state.rules,
            )
            .values(rules=rules)
        )
        if result.rowcount != 1:
            return None
        if matches:
            connection.execute(
                _set_match,
                [
                    {"of_stream": state.id, "number": revision, "fresh": match}
                    for revision, match in matches.items()
                ],
            )
        return streams.load(connection, state.id)
