# SPDX-License-Identifier: Apache-2.0
"""A MariaDB of our own."""

import getpass
import shutil
import subprocess
from contextlib import suppress

import sqlalchemy
from sqlalchemy import exc

from tests.engines.database import DatabaseServer
from tests.engines.processes import ServerProcess


def installed() -> bool:
    """Whether a MariaDB can be started here."""
    return shutil.which("mariadb-install-db") is not None and _server() is not None


def _server() -> str | None:
    return shutil.which("mariadbd", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")


class MariaServer(DatabaseServer):
    """One whose user `ledger` may do anything, from this host."""

    def url(self, database: str) -> str:
        return f"mysql://ledger:ledger@127.0.0.1:{self.port}/{database}"

    def _administration(self) -> str:
        return f"mysql+pymysql://ledger:ledger@127.0.0.1:{self.port}/mysql"

    def _prepare(self) -> None:
        self._user = getpass.getuser()
        # Of its own: a server that starts deletes the temporary tables of all others there.
        (self.home / "tmp").mkdir(exist_ok=True)
        subprocess.run(
            [
                *("mariadb-install-db", "--no-defaults", f"--datadir={self.home / 'data'}"),
                *(f"--user={self._user}", "--auth-root-authentication-method=normal"),
                *("--skip-test-db", f"--tmpdir={self.home / 'tmp'}"),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        (self.home / "users.sql").write_text(
            "CREATE USER IF NOT EXISTS 'ledger'@'%' IDENTIFIED BY 'ledger';\n"
            "GRANT ALL PRIVILEGES ON *.* TO 'ledger'@'%' WITH GRANT OPTION;\n"
        )

    def _run(self) -> ServerProcess:
        program = _server()
        assert program is not None, "MariaDB is not installed"
        return ServerProcess(
            [
                *(program, "--no-defaults", f"--datadir={self.home / 'data'}"),
                *(f"--user={self._user}", f"--socket={self.home / 'socket'}"),
                *("--bind-address=127.0.0.1", f"--port={self.port}", "--skip-name-resolve"),
                *(f"--init-file={self.home / 'users.sql'}", f"--tmpdir={self.home / 'tmp'}"),
                "--max-connections=200",
                f"--innodb-flush-log-at-trx-commit={1 if self.durable else 2}",
            ],
            log=self.home / "log",
        )

    def _drop(self, name: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS {name}")

    def _terminate(self) -> None:
        engine = sqlalchemy.create_engine(self._administration(), poolclass=sqlalchemy.NullPool)
        with engine.connect() as connection:
            others = connection.exec_driver_sql(
                "SELECT id FROM information_schema.processlist"
                " WHERE user = 'ledger' AND id <> connection_id()"
            ).scalars()
            for number in list(others):
                with suppress(exc.DBAPIError):  # it went by itself
                    connection.exec_driver_sql(f"KILL {number}")
