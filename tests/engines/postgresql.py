# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL of our own."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

from tests.engines.database import DatabaseServer
from tests.engines.processes import ServerProcess

#: It refuses to run as root; then it is this user.
_ORDINARY_USER, _ORDINARY_GROUP = "nobody", "nogroup"


def installed() -> bool:
    """Whether a PostgreSQL can be started here."""
    return _binaries() is not None


def _binaries() -> Path | None:
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return versions[-1].parent if versions else None


class PostgresServer(DatabaseServer):
    """One that trusts whoever connects from this host."""

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def stop(self) -> None:
        assert self._process is not None, "it does not run"
        self._process.stop(signal.SIGINT)  # its fast shutdown: clients are disconnected
        self._process = None

    def _administration(self) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"

    def _prepare(self) -> None:
        found = _binaries()
        assert found is not None, "PostgreSQL is not installed"
        #: Where its own programs are: pg_dump, psql ...
        self.programs = found
        self._user = _ORDINARY_USER if os.getuid() == 0 else None
        if self._user is not None:
            shutil.chown(self.home, self._user)
        command = [
            *(str(found / "initdb"), "--pgdata", str(self.home / "data"), "--no-sync"),
            *("--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--no-locale"),
        ]
        if self._user is not None:
            identity = ["--reuid", self._user, "--regid", _ORDINARY_GROUP, "--clear-groups"]
            command = ["setpriv", *identity, "--", *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.home)

    def _run(self) -> ServerProcess:
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": "200",
            "fsync": "on" if self.durable else "off",
            "full_page_writes": "on" if self.durable else "off",
        }
        return ServerProcess(
            [
                *(str(self.programs / "postgres"), "-D", str(self.home / "data")),
                *("-p", str(self.port)),
                *(part for name in settings for part in ("-c", f"{name}={settings[name]}")),
            ],
            log=self.home / "log",
            user=self._user,
            group=_ORDINARY_GROUP,
        )

    def _drop(self, name: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _terminate(self) -> None:
        self.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
