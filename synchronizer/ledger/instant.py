# SPDX-License-Identifier: Apache-2.0
"""The database's own clock, which all processes of all hosts share."""

from typing import Any

from sqlalchemy import BigInteger, Connection, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class _Now(FunctionElement[int]):
    """Microseconds since 1970 in UTC, when the statement is executed."""

    type = BigInteger()
    inherit_cache = True


@compiles(_Now, "sqlite")
def _sqlite(element: _Now, compiler: Any, **kw: Any) -> str:
    # In days, with the precision of a millisecond.
    return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000"


@compiles(_Now, "postgresql")
def _postgresql(element: _Now, compiler: Any, **kw: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"


@compiles(_Now, "mysql")
@compiles(_Now, "mariadb")
def _mysql(element: _Now, compiler: Any, **kw: Any) -> str:
    # Of the difference, as a local time may come twice in a year.
    return "timestampdiff(MICROSECOND, '1970-01-01 00:00:00', utc_timestamp(6))"


def database_now(connection: Connection) -> int:
    """The time by the database's clock, in microseconds."""
    return int(connection.execute(select(_Now())).scalar_one())
