# SPDX-License-Identifier: Apache-2.0
"""`place.py VERSION DIRECTORY`: puts the SQLite ledger that a version left into a state_path, as if
that version had run there, for whoever runs this.

Of Python's standard library alone, to be copied, with the version's folder, to where a daemon is
to be upgraded. A ledger knows its host, path and file: made elsewhere it would be a moved one.
"""

import gzip
import json
import os
import pathlib
import socket
import sqlite3
import sys
from typing import Any

HERE = pathlib.Path(__file__).parent


def place(version: str, directory: pathlib.Path) -> None:
    """Makes ledger.sqlite and high-water.json in a directory that is there."""
    sql = gzip.decompress((HERE / version / "ledger.sqlite.sql.gz").read_bytes()).decode()
    file = directory.resolve() / "ledger.sqlite"
    os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(sql)
    connection.execute("UPDATE meta SET value = ? WHERE name = 'identity'", (identity(file),))
    connection.commit()
    connection.close()
    place_marks(left(version, "sqlite")["marks"], directory)


def wheel(version: str) -> pathlib.Path:
    """That version, to be installed, or to be imported from."""
    (found,) = (HERE / version).glob("*.whl")
    return found


def identity(file: pathlib.Path) -> str:
    """What version 0.1.0 called a ledger in this file."""
    try:
        host = pathlib.Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        host = ""
    found = file.stat()
    return f"sqlite:{host or socket.gethostname()}:{file}:{found.st_dev}:{found.st_ino}"


def left(version: str, kind: str) -> dict[str, Any]:
    """What was left beside a ledger: `marks`, and `lines`, which a consumer was told."""
    packed = (HERE / version / f"left.{kind}.json.gz").read_bytes()
    found: dict[str, Any] = json.loads(gzip.decompress(packed))
    return found


def schemas(version: str) -> dict[str, Any]:
    """The JSON Schemas of that version, by name."""
    found: dict[str, Any] = json.loads(
        gzip.decompress((HERE / version / "schemas.json.gz").read_bytes())
    )
    return found


def place_marks(marks: dict[str, Any], directory: pathlib.Path) -> None:
    """The high-water marks, as that version kept them."""
    file = directory / "high-water.json"
    file.write_text(json.dumps(marks))
    file.chmod(0o600)


if __name__ == "__main__":
    place(sys.argv[1], pathlib.Path(sys.argv[2]))
