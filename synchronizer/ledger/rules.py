# SPDX-License-Identifier: Apache-2.0
"""A change of the rules by which entities are compared.

It announces nothing: fingerprints and payloads stay, and only `match` is computed anew,
from the payloads. From its first transaction to its last the stream's rules are neither
the old ones nor the new ones, so that nobody can commit; readers and the relay notice
nothing. In between, each page of versions is a transaction of its own. A process that is
killed leaves the stream in between, and whoever opens it next begins the change again.

The one exception is content that may not be kept any longer. It is taken out of every
version there is, history included; and since copies hold it too, each live entity that
had it gets a revision without it.
"""

import dataclasses
from collections.abc import Callable

from oslo_log import log as logging
from sqlalchemy import ColumnElement, Connection, bindparam, select, update

from synchronizer import errors
from synchronizer.ledger import streams
from synchronizer.ledger.commit import Commit
from synchronizer.ledger.engine import Database
from synchronizer.ledger.payload import Payloads
from synchronizer.ledger.reading import LIVE
from synchronizer.ledger.schema import stream, version
from synchronizer.ledger.values import StreamState, Write

LOG = logging.getLogger(__name__)

Match = Callable[[bytes], bytes]
Censor = Callable[[bytes], bytes | None]

_PAGE = 500

#: Begins the rules of a stream that is in between.
_CHANGING = "changing to "

_set_match = (
    update(version)
    .where(version.c.stream == bindparam("of_stream"), version.c.revision == bindparam("number"))
    .values(match=bindparam("fresh"))
)
_set_payload = (
    update(version)
    .where(version.c.stream == bindparam("of_stream"), version.c.revision == bindparam("number"))
    .values(payload=bindparam("fresh"))
)


@dataclasses.dataclass(frozen=True, slots=True)
class NewRules:
    """Rules to be put in force.

    `match` gives an entity's match under them. `censor_after`, given the rules there were,
    says what has to go: None when nothing can, else a function from an entity to what may
    be kept of it, or to None when that is all of it. Entities are JSON texts. The rules
    that there were are not known after a change that was interrupted. `progress` is called
    for every page.
    """

    name: str
    match: Match
    censor_after: Callable[[str], Censor | None] = lambda _: None
    progress: Callable[[], None] = lambda: None


@dataclasses.dataclass(slots=True)
class _Page:
    """What one page of versions needs, computed outside of any write transaction."""

    matches: list[dict[str, object]] = dataclasses.field(default_factory=list)
    payloads: list[dict[str, object]] = dataclasses.field(default_factory=list)
    writes: list[Write] = dataclasses.field(default_factory=list)
    last: int = 0
    full: bool = False


def change(
    database: Database,
    payloads: Payloads,
    stream_id: int,
    rules: NewRules,
    fence: int | None = None,
) -> StreamState:
    """Put other rules in force. `errors.Fenced` when somebody else puts others in force, or
    the stream is not at this fence."""
    with database.write() as connection:
        state = streams.load(connection, stream_id)
        if fence is not None and state.fence != fence:
            raise _taken_over(state)
        if state.rules == rules.name:
            return state
        _replace(connection, state, _CHANGING + rules.name)
    LOG.info("%s: %d entities are being compared under other rules", state.key, state.count)
    censor = rules.censor_after(state.rules)
    matched = censored = after = 0
    while True:
        rules.progress()
        page = _look(database, payloads, stream_id, after, rules.match, censor)
        if page.matches or page.payloads:
            with database.write() as connection:
                _write(connection, payloads, _hold(connection, state, rules.name), page)
        matched += len(page.matches)
        censored += len(page.payloads)
        after = page.last
        if not page.full:
            break
    with database.write() as connection:
        _replace(connection, _hold(connection, state, rules.name), rules.name)
        done = streams.load(connection, stream_id)
    LOG.info("%s: other rules are in force; %d entities match anew", done.key, matched)
    if censored:
        LOG.warning("%s: content was taken out of %d versions for good", done.key, censored)
    return done


def require_settled(state: StreamState) -> None:
    """`errors.Refused` for the stream as it was in between."""
    if state.rules.startswith(_CHANGING):
        raise errors.Refused(f"{state.key}: its rules are being changed")


def _look(
    database: Database,
    payloads: Payloads,
    stream_id: int,
    after: int,
    match: Match,
    censor: Censor | None,
) -> _Page:
    """The next page: of live versions, or of all where something may have to go."""
    wanted: ColumnElement[bool] = LIVE if censor is None else version.c.payload.is_not(None)
    with database.read() as connection:
        rows = connection.execute(
            select(
                version.c.revision,
                version.c.id,
                version.c.match,
                version.c.base,
                version.c.sampled_at,
                version.c.superseded,
                version.c.payload,
            )
            .where(version.c.stream == stream_id, version.c.revision > after, wanted)
            .order_by(version.c.revision)
            .limit(_PAGE)
        ).all()
    page = _Page(last=rows[-1].revision if rows else after, full=len(rows) == _PAGE)
    for row in rows:
        entity = payloads.unpack(row.payload)
        left = None if censor is None else censor(entity)
        if left is not None:
            page.payloads.append(_fresh(stream_id, row.revision, payloads.pack(left)))
            if row.superseded is None:
                fresh = match(left)
                page.writes.append(
                    Write("update", row.id, fresh, fresh, row.base, row.sampled_at, left)
                )
        elif row.superseded is None and (fresh := match(entity)) != row.match:
            page.matches.append(_fresh(stream_id, row.revision, fresh))
    return page


def _fresh(stream_id: int, revision: int, value: bytes) -> dict[str, object]:
    return {"of_stream": stream_id, "number": revision, "fresh": value}


def _write(connection: Connection, payloads: Payloads, state: StreamState, page: _Page) -> None:
    if page.writes:
        # First: what changed is told from the content that goes.
        Commit(state, page.writes, None, payloads).run(connection)
    if page.matches:
        connection.execute(_set_match, page.matches)
    if page.payloads:
        connection.execute(_set_payload, page.payloads)


def _hold(connection: Connection, began: StreamState, rules: str) -> StreamState:
    """The stream, locked, while its change to these rules goes on."""
    changing = _CHANGING + rules
    held = connection.execute(
        update(stream)
        .where(
            stream.c.id == began.id,
            stream.c.rules == changing,
            stream.c.fence == began.fence,
        )
        .values(rules=changing)
    )
    state = streams.load(connection, began.id)
    if held.rowcount != 1:
        raise _taken_over(state)
    return state


def _taken_over(state: StreamState) -> errors.Fenced:
    return errors.Fenced(
        f"another process has taken over {state.key}: {state.owner}", owner=state.owner
    )


def _replace(connection: Connection, state: StreamState, rules: str) -> None:
    result = connection.execute(
        update(stream)
        .where(
            stream.c.id == state.id,
            stream.c.rules == state.rules,
            stream.c.fence == state.fence,
        )
        .values(rules=rules)
    )
    if result.rowcount != 1:
        raise errors.Refused(f"{state.key}: others change its rules, too")
