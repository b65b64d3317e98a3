# SPDX-License-Identifier: Apache-2.0
"""The database server of a cloud, and the schemas of its services."""

import concurrent.futures
import os
import pwd
import socket
from collections.abc import Iterable

from tests.cloud.catalogue import SERVICES
from tests.cloud.processes import Processes
from tests.cloud.settings import PASSWORD, REGION, Settings


def start(settings: Settings, processes: Processes) -> None:
    """Start MariaDB, on a Unix socket alone; the first time, make its data directory."""
    directory, user = settings.data / "mysql", pwd.getpwuid(os.getuid()).pw_name
    # Of its own: a server that starts deletes the temporary tables of all others there.
    temporary = settings.data / "mysql-tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    if not (directory / "mysql").exists():
        processes.run(
            "mariadb-install-db",
            "--no-defaults",
            f"--datadir={directory}",
            f"--user={user}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            f"--tmpdir={temporary}",
            log="mariadb",
        )
    processes.start(
        "mariadb",
        [
            "mariadbd",
            "--no-defaults",
            f"--datadir={directory}",
            f"--user={user}",
            f"--socket={settings.socket}",
            f"--tmpdir={temporary}",
            "--skip-networking",
            "--character-set-server=utf8mb3",
            "--collation-server=utf8mb3_general_ci",
            "--max-connections=1000",
            "--innodb-buffer-pool-size=256M",
            # Throw-away data: do not wait for the disk.
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-doublewrite=0",
        ],
    )


def answering(settings: Settings) -> bool:
    """Tell whether MariaDB accepts connections."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(settings.socket)) == 0


def create(settings: Settings, processes: Processes, services: Iterable[str]) -> None:
    """Create the databases of these services and bring their schemas up to date."""
    wanted = list(services)
    names = [database for service in wanted for database in SERVICES[service].databases]
    processes.run(
        "mariadb",
        "--no-defaults",
        f"--socket={settings.socket}",
        "--user=root",
        "--execute",
        " ".join(f"CREATE DATABASE IF NOT EXISTS {name};" for name in names),
        log="setup-databases",
    )
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(_migrate, settings, processes, service) for service in wanted]
        for job in jobs:
            job.result()


def _migrate(settings: Settings, processes: Processes, service: str) -> None:
    log = f"setup-{service}"
    match service:
        case "keystone":
            _keystone(settings, processes)
        case "nova":
            _nova(settings, processes)
        case "neutron":
            processes.run("neutron-db-manage", "upgrade", "heads", log=log)
        case "glance":
            config = settings.etc / "glance-api.conf"
            processes.run("glance-manage", "--config-file", config, "db_sync", log=log)
        case "heat":
            processes.run("heat-manage", "db_sync", log=log)
        case _:
            processes.run(f"{service}-manage", "db", "sync", log=log)


def _keystone(settings: Settings, processes: Processes) -> None:
    log, user = "setup-keystone", pwd.getpwuid(os.getuid()).pw_name
    processes.run("keystone-manage", "db_sync", log=log)
    for keys in ("fernet_setup", "credential_setup"):
        processes.run(
            *("keystone-manage", keys, "--keystone-user", user, "--keystone-group", user), log=log
        )
    processes.run(
        "keystone-manage",
        "bootstrap",
        *("--bootstrap-password", PASSWORD),
        *("--bootstrap-region-id", REGION),
        *("--bootstrap-public-url", settings.auth_url),
        log=log,
    )


def _nova(settings: Settings, processes: Processes) -> None:
    log = "setup-nova"
    cell0 = f"mysql+pymysql://root@localhost/nova_cell0?unix_socket={settings.socket}&charset=utf8"
    processes.run("nova-manage", "api_db", "sync", log=log)
    processes.run(*("nova-manage", "cell_v2", "map_cell0", "--database_connection", cell0), log=log)
    # 2: there already
    processes.run("nova-manage", "cell_v2", "create_cell", "--name", "cell1", log=log, fine=(0, 2))
    processes.run("nova-manage", "db", "sync", log=log)
