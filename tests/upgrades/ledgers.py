# SPDX-License-Identifier: Apache-2.0
"""The ledgers that released versions left, on each kind of database."""

import gzip
import pathlib
from typing import Any

import msgspec
import sqlalchemy
import zstandard

from synchronizer.ledger.dialects import dialect_of
from tests.upgrades import dumps, place

#: Every version of which there is a folder.
VERSIONS = sorted(folder.name for folder in place.HERE.iterdir() if folder.name[0].isdigit())

# What version 0.1.0 called its database; others have done the same.
_IDENTITIES = {
    "postgresql": "SELECT 'postgresql:' || system_identifier || ':' ||"
    " (SELECT oid FROM pg_database WHERE datname = current_database()) FROM pg_control_system()",
    "mysql": "SELECT concat_ws(':', 'mysql', @@hostname, @@port, @@datadir, DATABASE())",
}


def kind_of(url: str) -> str:
    """As in the names of files: sqlite, postgresql or mariadb."""
    name = sqlalchemy.make_url(url).get_backend_name()
    return "mariadb" if name == "mysql" else name


def restore(version: str, url: str, state_path: pathlib.Path) -> None:
    """Makes an empty database, and a directory, what that version left, as if it had run there."""
    state_path.mkdir(parents=True, exist_ok=True)
    kind = kind_of(url)
    if kind == "sqlite":
        file = pathlib.Path(str(sqlalchemy.make_url(url).database))
        file.parent.mkdir(parents=True, exist_ok=True)
        place.place(version, file.parent)
    else:
        packed = (place.HERE / version / f"ledger.{kind}.sql.gz").read_bytes()
        dumps.load(gzip.decompress(packed).decode(), url)
        engine = dialect_of(sqlalchemy.make_url(url)).engine()
        with engine.begin() as connection:
            query = _IDENTITIES[engine.dialect.name]
            identity = connection.exec_driver_sql(query).scalar_one()
            connection.execute(
                sqlalchemy.text("UPDATE meta SET value = :value WHERE name = 'identity'"),
                {"value": identity},
            )
        engine.dispose()
    place.place_marks(place.left(version, kind)["marks"], state_path)


def live(url: str, cloud: str) -> dict[str, Any]:
    """The entities that a ledger says there are in a cloud, by id; read past our code."""
    engine = dialect_of(sqlalchemy.make_url(url)).engine()
    query = sqlalchemy.text(
        "SELECT version.id, payload FROM version JOIN stream ON stream.id = version.stream"
        " WHERE superseded IS NULL AND op <> 'delete' AND cloud = :cloud"
    )
    with engine.connect() as connection:
        rows = connection.execute(query, {"cloud": cloud}).all()
    engine.dispose()
    unpack = zstandard.ZstdDecompressor().decompress
    # MariaDB's names are bytes.
    names = (row[0] if isinstance(row[0], str) else bytes(row[0]).decode() for row in rows)
    return {
        name: msgspec.json.decode(unpack(row[1])) for name, row in zip(names, rows, strict=True)
    }
