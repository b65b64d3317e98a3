# SPDX-License-Identifier: Apache-2.0
"""Installs servers and tools from Debian's packages, without starting any."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

_POLICY = Path("/usr/sbin/policy-rc.d")
_CLUSTERS = Path("/etc/postgresql-common/createcluster.conf")

#: Debian's package -> a file of it that tells that it is there ("*": any version).
PACKAGES = {
    "rabbitmq-server": "/usr/lib/rabbitmq/bin/rabbitmq-server",
    "mariadb-server-core": "/usr/sbin/mariadbd",
    "mariadb-client-core": "/usr/bin/my_print_defaults",
    "postgresql": "/usr/lib/postgresql/*/bin/postgres",
    "prometheus": "/usr/bin/promtool",  # for the tests of its alert rules
    "debootstrap": "/usr/sbin/debootstrap",
    "systemd-container": "/usr/bin/systemd-nspawn",
    "buildah": "/usr/bin/buildah",
    "runc": "/usr/sbin/runc",
}

#: What `make test` runs.
SERVERS = ("rabbitmq-server", "mariadb-server-core", "mariadb-client-core", "postgresql")

#: What only acceptance tests need.
TOOLS = ("debootstrap", "systemd-container", "buildah", "runc", "prometheus")


class CannotInstallError(Exception):
    """A package is missing and cannot be installed from here."""


def missing(packages: Iterable[str]) -> list[str]:
    """Those of these packages that are not installed."""
    root = Path("/")
    return [name for name in packages if not any(root.glob(PACKAGES[name].lstrip("/")))]


def install(packages: Iterable[str]) -> None:
    """Install what is missing; `CannotInstallError` says why it cannot be done."""
    wanted = missing(packages)
    if not wanted:
        return
    if not shutil.which("apt-get"):
        raise CannotInstallError(f"no apt-get here to install {', '.join(wanted)} with")
    if os.getuid() != 0:
        raise CannotInstallError(f"only root may install {', '.join(wanted)}")
    apt = ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=600"]
    with _servers_kept_from_starting():
        _run([*apt, "update"])
        _run([*apt, "install", "--no-install-recommends", *wanted])


@contextmanager
def _servers_kept_from_starting() -> Iterator[None]:
    """Keep Debian from starting the servers that it installs: tests run their own."""
    made = []
    if not _POLICY.exists():
        _POLICY.write_text("#!/bin/sh\nexit 101\n")
        _POLICY.chmod(0o755)
        made.append(_POLICY)
    if not _CLUSTERS.exists():
        _CLUSTERS.parent.mkdir(parents=True, exist_ok=True)
        _CLUSTERS.write_text("create_main_cluster = false\n")
        made.append(_CLUSTERS)
    try:
        yield
    finally:
        for file in made:
            file.unlink(missing_ok=True)


def _run(command: list[str]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    if subprocess.run(command, env=environment, check=False).returncode:
        raise CannotInstallError(f"failed: {' '.join(command)}")
