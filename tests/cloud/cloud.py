# SPDX-License-Identifier: Apache-2.0
"""One cloud: bring it up, take services away and back, change its page size, end it."""

import fcntl
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import openstack

from tests.cloud import databases, provision
from tests.cloud.catalogue import SERVICES, closure
from tests.cloud.environment import environment
from tests.cloud.errors import CloudError
from tests.cloud.ports import claim, listening, release
from tests.cloud.processes import Processes
from tests.cloud.readiness import wait_ready
from tests.cloud.render import render
from tests.cloud.settings import Settings
from tests.cloud.settings import load as load_settings

AGENTS = Path(__file__).parent / "agents"
INFRASTRUCTURE = ("rabbitmq", "epmd", "mariadb")


class Cloud:
    """A cloud in its root.  Everything said here of one holds across processes."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.processes = Processes(settings.run, settings.log, settings.etc, environment(settings))

    @classmethod
    def at(cls, root: Path) -> "Cloud":
        """Return the cloud that was once brought up at ``root``."""
        settings = load_settings(root)
        if settings is None:
            raise CloudError(f"there is no cloud in {root}")
        return cls(settings)

    @classmethod
    def up(cls, root: Path, venv: Path, services: Iterable[str], **options: Any) -> "Cloud":
        """Start these services, what they need, and what ran there before.

        The first time they are created.  ``options`` are fields of ``Settings``.
        """
        root.mkdir(parents=True, exist_ok=True)
        with _lock(root):
            old = load_settings(root)
            wanted = closure(services) | (old.services if old else frozenset())
            if old is None:
                new = Settings(root, venv, claim(root), wanted, **options)
            else:
                new = replace(old, venv=venv, services=wanted, **options)
            cloud = cls(new)
            cloud._prepare()
            cloud._start_all()
        return cloud

    def down(self) -> None:
        """End every process of this cloud."""
        names = self.processes.names()
        self.processes.stop(name for name in names if name not in INFRASTRUCTURE)
        self.processes.stop((name for name in INFRASTRUCTURE if name in names), grace=30)

    def stop(self, *names: str) -> None:
        """Take away services (all their processes) or single processes: an outage."""
        self.processes.stop(process for name in names for process in self._members(name))

    def start(self, *names: str) -> None:
        """Bring back what ``stop`` took away and wait until it answers."""
        since = time.time()
        for name in names:
            for process in self._members(name):
                self._start(process)
        for name in names:
            for process in self._members(name):
                self._wait(process)
        services = {s.name for s in SERVICES.values() if {s.name, s.api} & set(names)}
        whole = {name for name in services if name in names}
        wait_ready(self.connect(), services, since if whole else 0)

    def set_page(self, page: int | None) -> None:
        """Change the longest page of Nova's API: restarts that process alone."""
        if page != self.settings.page:
            self.settings = replace(self.settings, page=page)
            self.settings.save()
            render(self.settings)
            self.stop("nova-api")
            self.start("nova-api")

    def wipe(self) -> None:
        """End it and delete all that it was."""
        self.down()
        settings = self.settings
        for directory in (settings.data, settings.run, settings.log, settings.etc):
            shutil.rmtree(directory, ignore_errors=True)
        for name in ("settings.json", "lock"):
            (settings.root / name).unlink(missing_ok=True)
        if not any(settings.root.iterdir()):
            settings.root.rmdir()
        release(settings.root)

    def connect(self, name: str = "cloud") -> Any:
        """Return an ``openstack.connection.Connection`` for an entry of its clouds.yaml."""
        config = openstack.config.OpenStackConfig(
            config_files=[str(self.settings.clouds_yaml)], load_envvars=False
        )
        return openstack.connection.Connection(config=config.get_one(name))

    def _prepare(self) -> None:
        settings = self.settings
        glance = [settings.data / "glance" / name for name in ("images", "staging", "tasks")]
        data = [settings.data / name for name in ("mysql", "rabbitmq", "keystone", "created")]
        for directory in (settings.etc, settings.run / "lock", settings.log, *data, *glance):
            directory.mkdir(parents=True, exist_ok=True)
        settings.save()
        render(settings)

    def _start_all(self) -> None:
        settings, since = self.settings, time.time()
        created = settings.data / "created"
        new = {name for name in settings.services if not (created / name).exists()}
        running = {name for name in settings.services if self.processes.pid(SERVICES[name].api)}
        self._start_infrastructure()
        if new:
            databases.create(settings, self.processes, sorted(new))
        self._start("keystone")
        self._wait("keystone")
        if new:  # users and endpoints, before anything looks them up
            wait_ready(self.connect(), {"keystone"}, since)
            provision.identity(self.connect(), settings, settings.services)
        connection = self.connect()  # its catalogue is as old as its token
        members = [m for name in sorted(settings.services) for m in self._members(name)]
        for process in members:
            self._start(process)
        for process in members:
            self._wait(process)
        wait_ready(connection, settings.services - running, since)
        if new:
            provision.resources(connection, settings.services)
            for name in new:
                (created / name).touch()
        if dead := [name for name in self.processes.names() if not self.processes.pid(name)]:
            raise CloudError(f"ended: {', '.join(dead)}; see {settings.log}")

    def _start_infrastructure(self) -> None:
        databases.start(self.settings, self.processes)
        # Erlang's port mapper first, or RabbitMQ starts one that "down" knows nothing of.
        for name in ("epmd", "rabbitmq"):
            self._start(name)
            self._wait(name)
        self._wait("mariadb")

    def _members(self, name: str) -> list[str]:
        """Return the processes that make up a service, or the one process of that name."""
        if name not in SERVICES:
            return [name]
        service = SERVICES[name]
        members = [service.api, *service.workers]
        if name == "nova":
            members += [f"nova-compute{n + 1}" for n in range(self.settings.computes)]
        if name == "neutron":
            members.append("neutron-agent")
        return members

    def _start(self, process: str) -> None:
        for service in SERVICES.values():
            if process == service.api:
                bind = f"127.0.0.1:{self.settings.ports[service.name]}"
                self.processes.start(
                    process, ["gunicorn"], WSGI_APP=service.application, WSGI_BIND=bind
                )
                return
        if process == "mariadb":
            databases.start(self.settings, self.processes)
        else:
            self.processes.start(process, self._command(process))

    def _command(self, process: str) -> list[str | Path]:
        etc = self.settings.etc
        if process.startswith("nova-compute"):
            own = etc / f"{process.removeprefix('nova-')}.conf"
            configs = (etc / "nova.conf", own)
            options = [f"--config-file={path}" for path in configs]
            return ["python", AGENTS / "nova_compute.py", *options]
        if process == "neutron-agent":
            return ["python", AGENTS / "neutron_agent.py", str(self.settings.computes)]
        if process == "rabbitmq":
            return ["/usr/lib/rabbitmq/bin/rabbitmq-server"]
        return [process]

    def _wait(self, process: str) -> None:
        """Wait until a process accepts connections, if that is its business."""
        ports = {service.api: service.name for service in SERVICES.values()}
        if process == "mariadb":
            self.processes.wait(process, lambda: databases.answering(self.settings))
        elif (name := ports.get(process, process)) in ("rabbitmq", "epmd", *SERVICES):
            port = self.settings.ports[name]
            self.processes.wait(process, lambda: listening(port))


@contextmanager
def _lock(root: Path) -> Iterator[None]:
    """Keep a second ``up`` of the same root waiting."""
    with (root / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
