# SPDX-License-Identifier: Apache-2.0
"""Where one cloud lives and how it is set up; kept in its root as settings.json."""

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.cloud.catalogue import SERVICES
from tests.cloud.ports import Ports

TEMPLATES = Path(__file__).parent / "templates"
PASSWORD = "secret"
REGION = "RegionOne"
PROJECTS = ("demo1", "demo2")


def cache() -> Path:
    """Return the directory that keeps the installed packages."""
    if named := os.environ.get("SYNCHRONIZER_TEST_CLOUD"):
        return Path(named).resolve()
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home).resolve() / "synchronizer" / "cloud"


def default_root() -> Path:
    """Return the root of the cloud that the command line means unless told another."""
    named = os.environ.get("SYNCHRONIZER_TEST_CLOUD_ROOT")
    name = f"synchronizer-cloud-{os.getuid()}"
    return (Path(named) if named else Path(tempfile.gettempdir()) / name).resolve()


@dataclass(frozen=True, slots=True)
class Settings:
    """How one cloud is set up.

    ``computes``: nova-compute processes (node1, node2, ...), one for every 100 servers,
    as each build asks Placement about every server on its host.  ``page``: the APIs'
    longest page; None leaves their defaults.  ``token_seconds``: the life of a token.
    ``nova_notifications``: versioned, unversioned (Nova's own default) or both.
    """

    root: Path
    venv: Path
    ports: Ports
    services: frozenset[str]
    computes: int = 2
    page: int | None = None
    token_seconds: int = 3600
    nova_notifications: str = "versioned"

    @property
    def etc(self) -> Path:
        return self.root / "etc"

    @property
    def policies(self) -> Path:
        """Each service's own: SERVICE.yaml, read when it is there, and when it has changed."""
        return self.etc / "policy"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def socket(self) -> Path:
        """MariaDB's Unix socket."""
        return self.run / "mysql.sock"

    @property
    def clouds_yaml(self) -> Path:
        return self.etc / "clouds.yaml"

    @property
    def auth_url(self) -> str:
        return self.url("keystone")

    @property
    def transport_url(self) -> str:
        """RabbitMQ's address, as kombu and oslo.messaging write it (without the scheme)."""
        return f"guest:guest@127.0.0.1:{self.ports['rabbitmq']}//"

    def url(self, service: str) -> str:
        """Return a service's endpoint."""
        return f"http://127.0.0.1:{self.ports[service]}{SERVICES[service].path}"

    def save(self) -> None:
        """Write the settings into the root."""
        (self.root / "settings.json").write_text(
            json.dumps(
                {
                    "venv": str(self.venv),
                    "port_base": self.ports.base,
                    "services": sorted(self.services),
                    "computes": self.computes,
                    "page": self.page,
                    "token_seconds": self.token_seconds,
                    "nova_notifications": self.nova_notifications,
                },
                indent=2,
            )
            + "\n"
        )


def load(root: Path) -> Settings | None:
    """Read a root's settings; None when no cloud was ever brought up there."""
    try:
        found = json.loads((root / "settings.json").read_text())
    except FileNotFoundError:
        return None
    return Settings(
        root=root,
        venv=Path(found["venv"]),
        ports=Ports(found["port_base"]),
        services=frozenset(found["services"]),
        computes=found["computes"],
        page=found["page"],
        token_seconds=found["token_seconds"],
        nova_notifications=found["nova_notifications"],
    )
