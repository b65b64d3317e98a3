# SPDX-License-Identifier: Apache-2.0
"""Databases as texts of SQL, and back. A dump has no user, no server and no name of a database."""

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import sqlalchemy
from pymysql.constants import CLIENT

from synchronizer.ledger.dialects import dialect_of


def dump(url: str) -> str:
    """The tables and rows of a database that nobody writes to."""
    parsed = sqlalchemy.make_url(url)
    match parsed.get_backend_name():
        case "sqlite":
            with closing(sqlite3.connect(str(parsed.database))) as connection:
                lines = list(connection.iterdump())
        case "postgresql":
            program = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_dump"))[-1]
            command = [str(program), "--inserts", "--no-owner", "--no-acl", "--no-comments", url]
            lines = subprocess.run(
                command, check=True, capture_output=True, text=True
            ).stdout.splitlines()
        case _:
            lines = list(_of_mariadb(url))
    # No comments, and no commands of psql.
    return "\n".join(line for line in lines if line and not line.startswith(("--", "\\"))) + "\n"


def load(sql: str, url: str) -> None:
    """Fills an empty database of a server."""
    parsed = sqlalchemy.make_url(url)
    dialect = dialect_of(parsed)
    engine = dialect.engine()
    mariadb = parsed.get_backend_name() == "mysql"
    options = {"client_flag": CLIENT.MULTI_STATEMENTS} if mariadb else {}
    many = sqlalchemy.create_engine(engine.url, connect_args=options)
    with closing(many.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute(sql)
        while cursor.nextset():
            continue
        connection.commit()
    many.dispose()
    engine.dispose()


def _of_mariadb(url: str) -> Iterator[str]:
    """As mariadb-dump would write it, which is not installed with the server."""
    dialect = dialect_of(sqlalchemy.make_url(url))
    engine = dialect.engine()
    yield "SET FOREIGN_KEY_CHECKS = 0;"
    with engine.connect() as connection:
        for (table,) in connection.exec_driver_sql("SHOW TABLES").all():
            made = connection.exec_driver_sql(f"SHOW CREATE TABLE `{table}`").one()
            yield f"{made[1]};"
            for row in connection.exec_driver_sql(f"SELECT * FROM `{table}`"):  # noqa: S608
                values = ",".join(map(_literal, row))
                yield f"INSERT INTO `{table}` VALUES ({values});"  # noqa: S608
    engine.dispose()


def _literal(value: object) -> str:
    match value:
        case None:
            return "NULL"
        case bytes():
            return f"0x{value.hex()}" if value else "''"
        case int():
            return str(value)
        case _:
            text = str(value).replace("\\", "\\\\").replace("'", "''")
            return f"'{text}'"
