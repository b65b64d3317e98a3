# SPDX-License-Identifier: Apache-2.0
"""MariaDB and MySQL, through PyMySQL."""

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, text

from synchronizer import errors
from synchronizer.ledger.dialects import limits
from synchronizer.ledger.dialects.server import Server

# Whatever the server's own defaults: values that do not fit are errors and never cut short.
_SETTINGS = (
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION',"
    " innodb_lock_wait_timeout = %s, lock_wait_timeout = %s"
)

#: Of a packet: what is left for a payload beside its row, with its quotes escaped.
_SHARE_OF_PACKET = 0.9

_NO_LOGIN = frozenset({"1045", "1130", "1251", "1698", "2059", "4151"})
_NO_RIGHTS = frozenset({"1044", "1142", "1143", "1227", "1370"})
_NO_ROOM = frozenset({"1021", "1041", "1114"})
#: Names that exist already or not at all, which PyMySQL takes for the server's own trouble.
_CONTRADICTIONS = frozenset({"1054", "1060", "1061", "1071", "1091", "1364"})


class Mysql(Server):
    """MySQL and MariaDB."""

    driver = "mysql+pymysql"
    extra = "mysql"
    # Switching the session's level to and fro would cost each transaction four round trips.
    read_options: Mapping[str, Any] = {}
    write_options: Mapping[str, Any] = {}
    lost = frozenset({"1205", "1213", "1020"})  # lock timeout, deadlock, changed since read
    read_only = frozenset({"1290", "1792", "1836"})

    def _connect_args(self) -> dict[str, Any]:
        return {
            "charset": "utf8mb4",
            "connect_timeout": int(limits.CONNECT_TIMEOUT),
            "read_timeout": self.answer_timeout,
            "write_timeout": self.answer_timeout,
        }

    def _connected(self, connection: Any, _record: object) -> None:
        seconds = max(1, math.ceil(limits.LOCK_TIMEOUT))
        with connection.cursor() as cursor:
            cursor.execute(_SETTINGS, (seconds, seconds))
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
            cursor.execute("SELECT @@version, @@max_allowed_packet")
            version, packet = cursor.fetchone()
            if "MariaDB" in version:  # MySQL has no such limit
                idle = max(1, math.ceil(limits.IDLE_TIMEOUT))
                cursor.execute("SET SESSION idle_transaction_timeout = %s", (idle,))
        self.largest_payload = int(packet * _SHARE_OF_PACKET)

    def identity(self, connection: Connection) -> str:
        row = connection.execute(text("SELECT @@hostname, @@port, @@datadir, DATABASE()")).one()
        return "mysql:" + ":".join(str(part) for part in row)

    def weaknesses(self, connection: Connection) -> Sequence[str]:
        flush = connection.execute(text("SELECT @@innodb_flush_log_at_trx_commit")).scalar()
        return [] if flush == 1 else [f"innodb_flush_log_at_trx_commit is {flush}, not 1"]

    def size(self, connection: Connection) -> int | None:
        # As of its statistics, which may be a few minutes old.
        query = text(
            "SELECT sum(data_length + index_length) FROM information_schema.tables"
            " WHERE table_schema = DATABASE()"
        )
        found = connection.execute(query).scalar_one()
        return None if found is None else int(found)

    def shrink(self, connection: Connection) -> None:
        # What went wrong is no error, but a row of (table, operation, kind, text).
        for row in connection.exec_driver_sql("OPTIMIZE TABLE version").all():
            if str(row[2]).lower() == "error":
                raise self.unavailable(f"cannot be made smaller: {row[3]}")

    def begin_reading(self, connection: Connection) -> None:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")

    @contextmanager
    def alone(self, connection: Connection) -> Iterator[None]:
        # A lock of the connection and not of the transaction, which DDL would commit. It is
        # the server's: other ledgers on it have other names for theirs.
        place = hashlib.sha256(str(self.url.database).encode()).hexdigest()[:32]
        name = {"name": f"synchronizer:{place}"}
        wait = text(f"SELECT GET_LOCK(:name, {math.ceil(limits.OPENING_TIMEOUT)})")
        got = connection.execute(wait, name).scalar()
        connection.commit()
        if got != 1:
            raise self.unavailable("is being opened by another process for too long")
        try:
            with connection.begin():
                yield
        finally:
            if not connection.invalidated:  # else the server has released it already
                connection.execute(text("SELECT RELEASE_LOCK(:name)"), name)
                connection.commit()

    def _code(self, error: BaseException) -> str:
        return str(error.args[0]) if error.args else ""

    def _explain_code(self, code: str, message: str) -> errors.SynchronizerError | None:
        if code in _NO_LOGIN:
            return self.unusable(f"refuses the login; check the user and the password: {message}")
        if code in _NO_RIGHTS:
            return self.unusable(f"does not let this user do what is needed: {message}")
        if code in _NO_ROOM:
            return self.unavailable(f"has no room; make some or shorten the retention: {message}")
        if code in _CONTRADICTIONS:
            return self.unusable(f"contradicts this program: {message}")
        match code:
            case "1049":
                return self.unusable(f"does not exist; create it first: {message}")
            case "1050":
                return self.unusable(f"holds something else; give it its own database: {message}")
            case "1153":
                return self.unavailable(f"takes no entity so large: {message}")
            case "1665":
                return self.unusable(f"needs binlog_format = ROW or MIXED: {message}")
        return None
