# SPDX-License-Identifier: Apache-2.0
"""A DevStack as our plugin sees one: its functions, its cloud, RabbitMQ and database.

The cloud and its RabbitMQ are the real ones of these tests. What stands in for DevStack's own
scripts is in this directory, and acts.
"""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import amqp
import psutil
import sqlalchemy

from tests.acceptance.cloud.running import RunningCloud
from tests.cloud.environment import environment
from tests.cloud.settings import PASSWORD, REGION, TEMPLATES
from tests.engines.mariadb import MariaServer
from tests.support.checkout import copy_to

HERE = Path(__file__).parent
SCRIPTS = ("functions.sh", "stack.sh", "unstack.sh", "clean.sh")
#: As a DevStack has them. Heat is a plugin of its own there.
SERVICES = "mysql,rabbit,key,n-api,n-cpu,q-svc,c-api,c-vol,g-api,h-api,h-eng"
#: Seconds for a script, which may have to install all that the service needs.
PATIENCE = 800


class DevStack:
    """`options`: what local.conf says of localrc. `configuration`: of [[post-config]], as
    (section, option, value), for the plugin's own file."""

    def __init__(
        self,
        cloud: RunningCloud,
        database: MariaServer,
        *,
        options: dict[str, str],
        configuration: tuple[tuple[str, str, str], ...] = (),
    ) -> None:
        self._cloud = cloud
        self._database = database
        self._sessions: set[int] = set()
        # Not under pytest's own directory: a Unix socket's path is at most 107 bytes long.
        self.path = Path(tempfile.mkdtemp(prefix="devstack-"))
        self.dest = self.path / "stack"
        self.etc = self.path / "etc"
        self.conf = self.etc / "synchronizer.conf"
        self.data = self.dest / "data"
        self.venv = self.data / "venv"
        for directory in ("logs", "status", "data", "requirements"):
            (self.dest / directory).mkdir(parents=True)
        shutil.copy(TEMPLATES / "constraints.txt", self.dest / "requirements/upper-constraints.txt")
        copy_to(self.dest / "synchronizer")
        subprocess.run([sys.executable, "-m", "venv", str(self.venv)], check=True)
        top = self.path / "devstack"
        top.mkdir()
        for name in SCRIPTS:
            shutil.copy(HERE / name, top / name)
        (top / "localrc").write_text(assignments(self._variables() | options, "{0}=${{{0}-{1}}}"))
        (top / "openrc").write_text(assignments(self._someone(), "export {0}={1}"))
        (top / "post-config.conf").write_text(
            "".join(f"{self.conf} {' '.join(line)}\n" for line in configuration)
        )
        self._top = top
        self._home()
        self._programs()

    # --- what DevStack's users do -------------------------------------------

    def run(self, script: str, *, status: int = 0, **variables: str) -> None:
        """stack.sh, unstack.sh or clean.sh, which has to end with this status.

        `variables` go before those of localrc.
        """
        path = f"{self.path}/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
        ours = {k: v for k, v in os.environ.items() if k.startswith(("PIP_", "SSL_", "XDG_"))}
        ours["PIP_CACHE_DIR"] = os.environ.get("PIP_CACHE_DIR", str(Path.home() / ".cache/pip"))
        ours |= {"PATH": path, "HOME": str(self.path / "home"), "LANG": "C.UTF-8"}
        ours |= {"MYSQL_TCP_PORT": str(self._database.port)}
        with (self.dest / "logs" / f"{script}.log").open("wb") as log:
            process = subprocess.Popen(
                ["bash", "-x", str(self._top / script)],
                env=ours | variables,
                cwd=self._top,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            try:
                ended = process.wait(PATIENCE)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        told = f"{self.told(script)}\n{self.log()}"
        if (pid := self.pid()) is not None:
            self._sessions.add(pid)
        assert ended == status, f"{script} ended with {ended}:\n{told}"

    def ask(self, *arguments: str) -> str:
        """What a command of the installed `synchronizer` prints."""
        done = subprocess.run(
            [str(self.venv / "bin/synchronizer"), "--config-file", str(self.conf), *arguments],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}\n{self.log()}"
        return done.stdout

    # --- what there is then -------------------------------------------------

    @property
    def transport_url(self) -> str:
        """As consumers are told it."""
        return f"rabbit://{self._rabbit()}/synchronizer"

    def pid(self) -> int | None:
        """Of the service's first process, if it was started and not stopped."""
        try:
            return int((self.dest / "status/synchronizer.pid").read_text())
        except FileNotFoundError:
            return None

    def processes(self) -> list[int]:
        """All of the service's, of each time that it was started; they have a session each."""
        found = []
        for process in psutil.process_iter():
            with suppress(ProcessLookupError, psutil.NoSuchProcess):
                if os.getsid(process.pid) in self._sessions:
                    found += [process.pid] * (process.status() != psutil.STATUS_ZOMBIE)
        return found

    def told(self, script: str) -> str:
        """What a script said when it was run last."""
        return (self.dest / "logs" / f"{script}.log").read_text(errors="replace")

    def log(self) -> str:
        """What the service said."""
        file = self.dest / "logs/synchronizer.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def databases(self) -> set[str]:
        url = self._database.url("mysql").replace("mysql:", "mysql+pymysql:")
        engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
        with engine.connect() as connection:
            return set(connection.exec_driver_sql("SHOW DATABASES").scalars())

    def has_vhost(self) -> bool:
        """Whether its bus is there. (rabbitmqctl takes seconds to say so.)"""
        address, _, name = self.transport_url.rpartition("@")[2].partition("/")
        connection = amqp.Connection(address, "guest", "guest", virtual_host=name)
        try:
            connection.connect()
        except amqp.NotAllowed:
            return False
        finally:
            connection.close()
        return True

    def close(self) -> None:
        """Ends what a test that failed has left, in the cloud too."""
        pid = self.pid()
        if pid is not None:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            self._cloud.cloud.connect("cloud").delete_user("synchronizer")
        if self.has_vhost():
            subprocess.run(
                [str(self.path / "bin/rabbitmqctl"), "--quiet", "delete_vhost", "synchronizer"],
                check=True,
            )
        shutil.rmtree(self.path, ignore_errors=True)

    # --- how it is made -----------------------------------------------------

    def _variables(self) -> dict[str, str]:
        """Those of stackrc and of DevStack's libraries that the plugin relies on."""
        return {
            "DEST": str(self.dest),
            "DATA_DIR": str(self.data),
            "DEVSTACK_VENV": str(self.venv),
            "REQUIREMENTS_DIR": str(self.dest / "requirements"),
            "PYTHON3_VERSION": f"{sys.version_info.major}.{sys.version_info.minor}",
            "STACK_USER": str(os.getuid()),
            "SYNCHRONIZER_CONF_DIR": str(self.etc),
            "ENABLED_SERVICES": SERVICES,
            "ENABLE_DEBUG_LOG_LEVEL": "True",
            "SERVICE_TIMEOUT": "240",
            "REGION_NAME": REGION,
            "KEYSTONE_SERVICE_URI": self._cloud.auth_url.removesuffix("/v3"),
            "SERVICE_PASSWORD": "it's $ecret: & 'quoted'",
            "SERVICE_PROJECT_NAME": "service",
            "SERVICE_DOMAIN_NAME": "Default",
            "RABBIT_USERID": "guest",
            "RABBIT_PASSWORD": "guest",
            "RABBIT_HOST": self._rabbit().partition("@")[2],
            "DATABASE_TYPE": "mysql",
            "DATABASE_USER": "ledger",
            "DATABASE_PASSWORD": "ledger",
            "DATABASE_HOST": "127.0.0.1",
            "BASE_SQL_CONN": f"mysql+pymysql://ledger:ledger@127.0.0.1:{self._database.port}",
        }

    def _rabbit(self) -> str:
        return self._cloud.cloud.settings.transport_url.removesuffix("//")

    def _someone(self) -> dict[str, str]:
        """An ordinary user, as openrc has one."""
        return {
            "OS_AUTH_TYPE": "password",
            "OS_AUTH_URL": self._cloud.auth_url,
            "OS_REGION_NAME": REGION,
            "OS_USERNAME": "demo1",
            "OS_PASSWORD": PASSWORD,
            "OS_PROJECT_NAME": "demo1",
            "OS_USER_DOMAIN_ID": "default",
            "OS_PROJECT_DOMAIN_ID": "default",
        }

    def _home(self) -> None:
        """The files that DevStack leaves in the home of its user."""
        user = {"username": "admin", "password": PASSWORD, "user_domain_id": "default"}
        user["auth_url"] = self._cloud.auth_url
        project = {"project_name": "admin", "project_domain_id": "default"}
        entries = {
            "devstack-admin": {"region_name": REGION, "auth": user | project},
            "devstack-system-admin": {
                "region_name": REGION,
                "auth": {**user, "system_scope": "all"},
            },
        }
        openstack = self.path / "home/.config/openstack"
        openstack.mkdir(parents=True)
        (openstack / "clouds.yaml").write_text(json.dumps({"clouds": entries}))
        (self.path / "home/.my.cnf").write_text(
            "[client]\nuser=ledger\npassword=ledger\nhost=127.0.0.1\n"
        )

    def _programs(self) -> None:
        """What is on DevStack's PATH, or is another program on this machine."""
        programs = self.path / "bin"
        programs.mkdir()
        settings = self._cloud.cloud.settings
        control = [f"{name}={value}" for name, value in environment(settings).items()]
        wrapped = {
            "sudo": ["env"],
            "rabbitmqctl": ["env", "-i", *control, "/usr/lib/rabbitmq/bin/rabbitmqctl"],
            "mysql": ["mariadb"],
            "openstack": [f"{settings.venv}/bin/openstack"],
            f"python{sys.version_info.major}.{sys.version_info.minor}": [sys.executable],
            "python3.10": ["false"],  # what any script makes of being that old
        }
        for name, command in wrapped.items():
            (programs / name).write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
            (programs / name).chmod(0o755)


def assignments(variables: dict[str, str], form: str) -> str:
    """For a shell, each in the form given."""
    lines = [form.format(name, shlex.quote(value)) for name, value in variables.items()]
    return "".join(f"{line}\n" for line in lines)
