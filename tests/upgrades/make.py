# SPDX-License-Identifier: Apache-2.0
"""`python -m tests.upgrades.make VERSION PYTHON`: what that version leaves, by living it.

PYTHON is the interpreter of an environment in which that version is installed, with its extras
openstack, postgresql and mysql. Takes about two minutes.
"""

import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from tests.engines.mariadb import MariaServer
from tests.engines.postgresql import PostgresServer
from tests.upgrades import dumps
from tests.upgrades.story import Story

HERE = pathlib.Path(__file__).parent
#: Tells the schemas of what was on its bus.
SCHEMAS = """
import json
from synchronizer import schemas
print(json.dumps({name: schemas.load(name) for name in schemas.names()}))
"""


def main(version: str, python: pathlib.Path) -> None:
    folder = HERE / version
    folder.mkdir(exist_ok=True)
    os.chdir("/")  # what is here must not be what the other interpreter imports
    _leave(folder, "sqlite", python, "")
    for kind, server in (("postgresql", PostgresServer), ("mariadb", MariaServer)):
        running = server()
        try:
            _leave(folder, kind, python, running.create_database())
        finally:
            running.close()
    _describe(folder / "schemas.json.gz", python)
    _sample(folder / "synchronizer.conf.sample.gz", python)


def _leave(folder: pathlib.Path, kind: str, python: pathlib.Path, url: str) -> None:
    with tempfile.TemporaryDirectory() as path, Story(python, url, pathlib.Path(path)) as story:
        story.live()
        sql = dumps.dump(story.url)
        left = {"marks": story.marks, "lines": story.lines}
    for name, text in (
        (f"ledger.{kind}.sql.gz", sql),
        (f"left.{kind}.json.gz", json.dumps(left, indent=1) + "\n"),
    ):
        (folder / name).write_bytes(gzip.compress(text.encode(), 9, mtime=0))
        print(f"{name}: {len(text)} bytes, {(folder / name).stat().st_size} packed")


def _describe(file: pathlib.Path, python: pathlib.Path) -> None:
    """The published schemas of that version, each whole by itself."""
    told = subprocess.run([python, "-c", SCHEMAS], check=True, capture_output=True)
    file.write_bytes(gzip.compress(told.stdout, 9, mtime=0))


def _sample(file: pathlib.Path, python: pathlib.Path) -> None:
    """The configuration of that version with every option."""
    command = [str(python.with_name("synchronizer")), "config", "sample"]
    told = subprocess.run(command, check=True, capture_output=True)
    file.write_bytes(gzip.compress(told.stdout, 9, mtime=0))


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]))
