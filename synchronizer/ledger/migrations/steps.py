# SPDX-License-Identifier: Apache-2.0
"""Steps of migrations that can be taken again.

MariaDB and MySQL commit each step by itself. A migration that died half-way has left some
of them done, and is run again from its beginning: what is there already is left alone. So
what changes rows comes last in a migration, where it is committed with its number.
Elsewhere a migration is one transaction, and what is there already is somebody else's.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from synchronizer import errors

_COMMIT_EACH_STEP = frozenset({"mysql", "mariadb"})

# Whatever the server's defaults: transactions, any text, and keys of 1020 bytes.
_TABLE = {"engine": "InnoDB", "charset": "utf8mb4", "row_format": "DYNAMIC"}


def create_table(name: str, *columns: sa.Column[Any] | sa.Constraint) -> None:
    """A new table. `errors.LedgerUnusable` if it is there with other columns."""
    if _half_way() and _inspector().has_table(name):
        there = {str(column["name"]) for column in _inspector().get_columns(name)}
        if there != {column.name for column in columns if isinstance(column, sa.Column)}:
            raise errors.LedgerUnusable(
                f"the ledger's database holds another table {name!r}; give it its own database"
            )
        return
    options: dict[str, Any] = {
        f"{kind}_{key}": value for kind in _COMMIT_EACH_STEP for key, value in _TABLE.items()
    }
    op.create_table(name, *columns, **options)


def add_column(table: str, column: sa.Column[Any]) -> None:
    """A new column of a table."""
    if _half_way() and column.name in {c["name"] for c in _inspector().get_columns(table)}:
        return
    op.add_column(table, column)


def create_index(name: str, table: str, columns: list[str], *, part: str) -> None:
    """A new index, of the rows for which `part` is true, where the database can do that."""
    if _half_way() and name in {index["name"] for index in _inspector().get_indexes(table)}:
        return
    where = sa.text(part)
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def _half_way() -> bool:
    """Whether what is there may be what a migration has left that died."""
    return op.get_bind().dialect.name in _COMMIT_EACH_STEP


def _inspector() -> sa.Inspector:
    return sa.inspect(op.get_bind())
