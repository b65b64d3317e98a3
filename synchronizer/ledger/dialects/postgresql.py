# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL, through psycopg."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event, exc, text

from synchronizer import errors
from synchronizer.ledger.dialects import limits
from synchronizer.ledger.dialects.server import Server

#: Any number, as long as nothing else in the same database takes this advisory lock.
_ADVISORY_LOCK = 0x73796E6368726F6E

_LOCK_NOT_AVAILABLE = "55P03"

# `off` would lose commits that were published; anything stricter is the operator's choice.
_SETTINGS = """
SELECT set_config('lock_timeout', %s, false),
       set_config('idle_in_transaction_session_timeout', %s, false),
       set_config('synchronous_commit',
                  CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on'
                  ELSE current_setting('synchronous_commit') END, false)
"""

# libpq tells no code when it cannot connect.
_NO_DATABASE = re.compile(r'database "[^"]*" does not exist')
_NO_LOGIN = re.compile(
    r"authentication failed|no password supplied|no pg_hba\.conf entry"
    r'|role "[^"]*" does not exist|not permitted to log in|permission denied for database'
)


class Postgresql(Server):
    driver = "postgresql+psycopg"
    extra = "postgresql"
    read_options: Mapping[str, Any] = {"isolation_level": "REPEATABLE READ"}
    write_options: Mapping[str, Any] = {"isolation_level": "READ COMMITTED"}
    lost = frozenset({"40001", "40P01", _LOCK_NOT_AVAILABLE})  # serialization, deadlock
    read_only = frozenset({"25006"})
    shrinking = ("VACUUM (FULL, ANALYZE) version",)

    def engine(self) -> Engine:
        engine = super().engine()
        from synchronizer.ledger.dialects.patience import patient  # needs the extra

        kind = patient(self.answer_timeout)

        def connect(_dialect: Any, _record: Any, args: Any, options: Any) -> Any:
            return kind.connect(*args, **options)

        event.listen(engine, "do_connect", connect)
        return engine

    def _connect_args(self) -> dict[str, Any]:
        return {"connect_timeout": int(limits.CONNECT_TIMEOUT)}

    def _connected(self, connection: Any, _record: object) -> None:
        connection.autocommit = True  # a rollback would take the settings back
        milliseconds = [int(s * 1000) for s in (limits.LOCK_TIMEOUT, limits.IDLE_TIMEOUT)]
        connection.execute(_SETTINGS, [str(number) for number in milliseconds])
        connection.autocommit = False

    def identity(self, connection: Connection) -> str:
        row = connection.execute(
            text(
                "SELECT (SELECT system_identifier FROM pg_control_system()),"
                " (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        ).one()
        return f"postgresql:{row[0]}:{row[1]}"

    def require(self, connection: Connection) -> None:
        encoding = connection.execute(text("SHOW server_encoding")).scalar()
        if encoding != "UTF8":
            raise self.unusable(f"has the encoding {encoding}; create it with ENCODING 'UTF8'")

    def weaknesses(self, connection: Connection) -> Sequence[str]:
        return [
            f"{name} is off"
            for name in ("fsync", "full_page_writes")
            if connection.execute(text(f"SHOW {name}")).scalar() == "off"
        ]

    def size(self, connection: Connection) -> int | None:
        query = text("SELECT pg_database_size(current_database())")
        return int(connection.execute(query).scalar_one())

    @contextmanager
    def alone(self, connection: Connection) -> Iterator[None]:
        with connection.begin():
            usual = connection.execute(text("SHOW lock_timeout")).scalar()
            self._set_lock_timeout(connection, str(int(limits.OPENING_TIMEOUT * 1000)))
            try:
                connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _ADVISORY_LOCK})
            except exc.OperationalError as error:
                if error.orig is None or self._code(error.orig) != _LOCK_NOT_AVAILABLE:
                    raise
                raise self.unavailable("is being opened by another process for too long") from error
            self._set_lock_timeout(connection, str(usual))
            yield

    @staticmethod
    def _set_lock_timeout(connection: Connection, value: str) -> None:
        connection.execute(
            text("SELECT set_config('lock_timeout', :value, true)"), {"value": value}
        )

    def _code(self, error: BaseException) -> str:
        return str(getattr(error, "sqlstate", None) or "")

    def _explain_code(self, code: str, message: str) -> errors.SynchronizerError | None:
        if _NO_DATABASE.search(message) and code in {"", "3D000"}:
            return self.unusable(f"does not exist; create it first: {message}")
        if code.startswith("28") or (not code and _NO_LOGIN.search(message)):
            return self.unusable(f"refuses the login; check the user and the password: {message}")
        if "cannot contain NUL" in message:
            return errors.NotFound("nothing has a name with a NUL in it")
        match code[:2], code:
            case _, "42501":
                return self.unusable(f"does not let this user do what is needed: {message}")
            case _, "42P07":
                return self.unusable(f"holds something else; give it its own database: {message}")
            case (("08" | "40" | "53" | "57" | "58"), _):
                return self.unavailable(f"did not answer: {message}")
            case _, ("25P02" | "25P03" | "25P04"):  # the server ended the transaction
                return self.unavailable(f"did not answer: {message}")
            case "XX", _:
                return self.unusable(f"is damaged, or its server is: {message}")
            case (("" | "00"), _):
                return None
        return self.unusable(f"contradicts this program: {message}")
