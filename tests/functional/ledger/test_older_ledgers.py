# SPDX-License-Identifier: Apache-2.0
"""What released versions left is brought to this program's schema, and nothing of it is lost."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from synchronizer import errors
from synchronizer.fingerprint import decode, fingerprint
from synchronizer.ledger import Ledger, NewRules, migrate, schema, upgrading
from synchronizer.ledger.checkup import check_up
from synchronizer.ledger.engine import Database
from synchronizer.model import StreamKey
from tests.functional.ledger.consistency import assert_consistent
from tests.functional.ledger.test_migration import upgrade
from tests.unit.ledger.builders import NO_LIMITS, create
from tests.upgrades import ledgers, place

pytestmark = pytest.mark.parametrize("version", ledgers.VERSIONS)

EAST, WEST = StreamKey("east", "nova.server"), StreamKey("west", "nova.server")

Rows = dict[str, list[Any]]


@pytest.fixture
def older(version: str, ledger_url: str, state_path: Path) -> str:
    """The URL of what that version left."""
    ledgers.restore(version, ledger_url, state_path)
    return ledger_url


@contextmanager
def opened(url: str, state_path: Path) -> Iterator[Ledger]:
    with closing(Ledger.open(url, state_path=state_path, migrate=True)) as ledger:
        yield ledger


def rows(url: str) -> Rows:
    """Every row of every table but that of the schema's number, past our code."""
    found: Rows = {}
    database = Database(url)
    with database.read() as connection:
        tables = sqlalchemy.MetaData()
        tables.reflect(connection)
        for table in tables.sorted_tables:
            if table.name != "alembic_version":
                keys = list(table.primary_key.columns)
                selected = connection.execute(sqlalchemy.select(table).order_by(*keys))
                found[table.name] = [dict(row._mapping) for row in selected]
    database.close()
    return found


def test_an_upgrade_changes_no_row_that_was_there(older: str) -> None:
    before = rows(older)
    standing = upgrading.standing(older)
    assert standing.schema is not None
    assert standing.schema < schema.HEAD
    assert [step.number for step in standing.steps][-1] == schema.HEAD
    assert all(step.what for step in standing.steps)
    assert standing.streams == 2
    upgrading.upgrade(older)
    assert not upgrading.standing(older).steps
    after = rows(older)
    assert before.keys() < after.keys()
    for table, there in before.items():
        assert [{k: row[k] for k in old} for old, row in zip(there, after[table], strict=True)] == (
            there
        )


def test_every_stream_goes_on_in_its_epoch_with_all_its_revisions(
    older: str, version: str, state_path: Path
) -> None:
    told = place.left(version, ledgers.kind_of(older))["lines"]
    answers = {line["answer"]["cloud"]: line["answer"] for line in told if "answer" in line}
    with opened(older, state_path) as ledger:
        for key in (EAST, WEST):
            state = ledger.find(key)
            assert state is not None
            assert state.epoch == answers[key.cloud]["epoch"]
            assert_consistent(ledger, state.id)
            assert ledger.verify_digest(state.id)
            # What a consumer has had it can go on from.
            since = answers[key.cloud]["revision"]
            missing = ledger.changes(state.id, since, **NO_LIMITS).versions
            assert [v.revision for v in missing] == list(range(since + 1, state.revision + 1))
        east, west = ledger.find(EAST), ledger.find(WEST)
        assert east is not None and west is not None
        assert 0 < east.floor < east.published < east.revision
        assert [key for key, _ in ledger.held()] == [WEST] * 3
        assert ledger.condition(west.id) is not None
        assert set(ledger.activity.all()) == {east.id, west.id}
        assert ledger.tail(east.id, east.floor)[1][-1].revision == east.revision


def test_it_is_written_on_after_the_upgrade(older: str, state_path: Path) -> None:
    with opened(older, state_path) as ledger:
        state = ledger.find(EAST)
        assert state is not None
        state = ledger.claim(state.id, "host1:1")
        after = ledger.commit(state, [create("new")], listed_at=state.listed_at)
        assert (after.epoch, after.revision) == (state.epoch, state.revision + 1)
        assert ledger.mark_published(state.id, state.epoch, state.published, after.revision)
        assert ledger.compact(state.id, after.listed_at or 0) > 0
        assert_consistent(ledger, state.id)
        made = ledger.ensure_stream(StreamKey("east", "nova.flavor"), "rules 1")
        assert made.revision == 0
    with opened(older, state_path) as ledger:
        assert ledger.state(state.id).epoch == state.epoch


def test_entities_match_what_they_were_under_rules_put_in_force_anew(
    older: str, state_path: Path
) -> None:
    with opened(older, state_path) as ledger:
        seed = ledger.seed
        rules = NewRules("others", lambda entity: fingerprint(decode(entity), frozenset(), seed))
        state = ledger.ensure_stream(EAST, rules)
        assert state.rules == "others"
        _, live = ledger.baseline(state.id)
        assert live
        assert all(row.match == row.fingerprint for row in live)


def test_an_older_program_beside_us_can_go_on_writing(older: str) -> None:
    before = rows(older)
    upgrading.upgrade(older)
    database = Database(older)
    with database.write() as connection:
        tables = sqlalchemy.MetaData()
        tables.reflect(connection)
        for name in sorted(before, key=lambda table: table != "stream"):
            # As that version would: it knows no other columns, and no other tables.
            for row in before[name]:
                connection.execute(tables.tables[name].insert().values(another(row)))
    database.close()


def another(row: dict[str, Any]) -> dict[str, Any]:
    """Of another stream, or with another name."""
    found = dict(row)
    if "stream" in row:
        found["stream"] += 100
    elif "cloud" in row:
        found |= {"id": row["id"] + 100, "cloud": row["cloud"] * 2}
    else:
        found["name"] = row["name"] * 2
    return found


def test_a_look_before_the_upgrade_finds_nothing_wrong_and_changes_nothing(
    older: str, state_path: Path
) -> None:
    before = rows(older)
    findings = list(check_up(older, state_path))
    assert rows(older) == before
    assert [f for f in findings if f.mood == "wrong"] == []
    assert any("db upgrade" in finding.do for finding in findings)
    upgrading.upgrade(older)
    after = list(check_up(older, state_path))
    assert [f for f in after if f.mood == "wrong" or "epoch" in f.do] == []
    assert sum("nova.server" in finding.what for finding in after) == 2


def test_it_is_refused_until_it_is_upgraded(older: str, state_path: Path) -> None:
    with pytest.raises(errors.LedgerUnusable, match="db upgrade"):
        Ledger.open(older, state_path=state_path)


def test_an_upgrade_that_died_at_any_step_is_done_by_the_next(older: str, state_path: Path) -> None:
    before = rows(older)
    survived = 0
    while not upgrade(older, survived):
        survived += 1
    assert survived
    after = rows(older)
    assert {table: after[table] for table in before} == before
    with opened(older, state_path) as ledger:
        assert set(ledger.activity.all()) == {state.id for state in ledger.streams()}


def test_an_upgraded_ledger_has_the_tables_of_a_new_one(
    older: str, place_of_new: str, state_path: Path
) -> None:
    upgrading.upgrade(older)
    upgrading.upgrade(place_of_new)
    assert layout(older) == layout(place_of_new)


@pytest.fixture
def place_of_new(place: Any) -> Iterator[str]:
    """The URL of another empty database."""
    url = place.create()
    Path(str(sqlalchemy.make_url(url).database)).parent.mkdir(parents=True, exist_ok=True)
    yield url
    place.drop(url)


def layout(url: str) -> dict[str, Any]:
    database = Database(url)
    try:
        with database.read() as connection:
            inspector = sqlalchemy.inspect(connection)
            return {
                table: (
                    sorted((c["name"], str(c["type"])) for c in inspector.get_columns(table)),
                    sorted(str(i["name"]) for i in inspector.get_indexes(table)),
                    inspector.get_pk_constraint(table)["constrained_columns"],
                )
                for table in inspector.get_table_names()
            }
    finally:
        database.close()
        assert migrate.steps_after(schema.HEAD) == []
