# SPDX-License-Identifier: Apache-2.0
"""Column types that mean the same on every database."""

from typing import Any

from sqlalchemy import BigInteger, Integer, LargeBinary, String, Text, types
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.engine import Dialect

#: UTF-8 bytes of the longest name or id.
NAME_BYTES = 1020


class Name(types.TypeDecorator[str]):
    """A text that compares byte by byte, trailing blanks included.

    MySQL's and MariaDB's text collations ignore trailing blanks, so they keep bytes.
    """

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        if dialect.name in {"mysql", "mariadb"}:
            return dialect.type_descriptor(mysql.VARBINARY(NAME_BYTES))
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.VARCHAR(NAME_BYTES, collation="C"))
        return dialect.type_descriptor(String(NAME_BYTES))

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:
        if value is not None and dialect.name in {"mysql", "mariadb"}:
            return value.encode()
        return value

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return value.decode() if isinstance(value, bytes) else value


Number = BigInteger().with_variant(Integer(), "sqlite")
"""Counts, revisions, and instants in microseconds."""

Hash = LargeBinary(16).with_variant(mysql.BINARY(16), "mysql", "mariadb")
"""16 bytes, big-endian."""

Payload = LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")
"""A compressed entity."""


class Prose(types.TypeDecorator[str]):
    """A text that is never compared. PostgreSQL keeps no NUL in a text; nobody misses one."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        if dialect.name in {"mysql", "mariadb"}:
            return dialect.type_descriptor(mysql.LONGTEXT(charset="utf8mb4"))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else value.replace("\0", "\ufffd")
