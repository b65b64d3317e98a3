# SPDX-License-Identifier: Apache-2.0
"""The servers that tests start side by side leave each other alone."""

from pathlib import Path

import sqlalchemy

from tests.engines.mariadb import MariaServer


def test_a_mariadb_that_starts_leaves_the_temporary_tables_of_others_alone(
    mariadb_server: MariaServer,
) -> None:
    url = sqlalchemy.make_url(mariadb_server.create_database()).set(drivername="mysql+pymysql")
    engine = sqlalchemy.create_engine(url)
    with engine.connect() as connection:
        directory = connection.exec_driver_sql("SELECT @@tmpdir").scalar_one()
    engine.dispose()
    table = Path(directory, "#sql-temptable-1-2-3.MAI")
    table.touch()
    try:
        MariaServer().close()
        assert table.exists()
    finally:
        table.unlink(missing_ok=True)
