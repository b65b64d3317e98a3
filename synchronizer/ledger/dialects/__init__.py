# SPDX-License-Identifier: Apache-2.0
"""What differs between the databases that can hold a ledger: one file for each.

A dialect makes connections that mean the same everywhere (durable commits, READ COMMITTED
writers, bounded waiting), tells one database from a copy of it, and names the driver's
errors in ours. It knows no table.
"""

from sqlalchemy import URL

from synchronizer import errors
from synchronizer.ledger.dialects.base import Dialect
from synchronizer.ledger.dialects.mariadb import Mysql
from synchronizer.ledger.dialects.postgresql import Postgresql
from synchronizer.ledger.dialects.sqlite import Sqlite

__all__ = ["Dialect", "dialect_of"]

_KINDS: dict[str, type[Dialect]] = {
    "sqlite": Sqlite,
    "postgresql": Postgresql,
    "mysql": Mysql,
    "mariadb": Mysql,
}


def dialect_of(url: URL, answer_timeout: float | None = None) -> Dialect:
    """The dialect for a URL. `errors.LedgerUnusable` for a database that we do not know.

    `answer_timeout`: seconds for which a server may be silent; None for the usual.
    """
    kind = _KINDS.get(url.get_backend_name())
    if kind is None:
        raise errors.LedgerUnusable(
            f"no ledger can be kept in {url.get_backend_name()!r}; use sqlite, postgresql or mysql"
        )
    return kind(url, answer_timeout)
