# SPDX-License-Identifier: Apache-2.0
"""Installs what a cloud runs on: two servers from Debian, the rest from PyPI."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cloud.errors import CloudError, NotInstalledError
from tests.cloud.settings import TEMPLATES

# Debian's package -> a file of it that the cloud uses.
PACKAGES = {
    "rabbitmq-server": Path("/usr/lib/rabbitmq/bin/rabbitmq-server"),
    "mariadb-server-core": Path("/usr/sbin/mariadbd"),
    "mariadb-client-core": Path("/usr/bin/my_print_defaults"),
}
POLICY = Path("/usr/sbin/policy-rc.d")


def install(cache: Path) -> None:
    """Install what is missing; quick when nothing is."""
    if missing := _missing_packages():
        _install_packages(missing)
    venv = cache / "venv"
    if _stamp(venv) == _constraints():
        return
    cache.mkdir(parents=True, exist_ok=True)
    if not (venv / "bin/python").exists():
        # The constraints are of this version; a newer one mostly works, too.
        python = shutil.which("python3.11") or sys.executable
        _run([python, "-m", "venv", str(venv)])
    _run(
        [
            *(str(venv / "bin/python"), "-m", "pip", "install"),
            *("--quiet", "--disable-pip-version-check"),
            *("-r", str(TEMPLATES / "requirements.txt")),
            *("-c", str(TEMPLATES / "constraints.txt")),
        ]
    )
    (venv / "constraints.sha256").write_text(_constraints())


def require(cache: Path) -> Path:
    """Return the virtual environment's path, or raise ``NotInstalledError``."""
    missing = _missing_packages()
    if _stamp(cache / "venv") != _constraints():
        missing.append(f"the services in {cache}")
    if missing:
        raise NotInstalledError(
            f"not installed: {', '.join(missing)}; run 'python -m tests.cloud install'"
        )
    return cache / "venv"


def _missing_packages() -> list[str]:
    return [package for package, path in PACKAGES.items() if not path.exists()]


def _install_packages(packages: list[str]) -> None:
    if not shutil.which("apt-get"):
        raise CloudError(f"no apt-get here to install {', '.join(packages)} with")
    if os.getuid() != 0:
        raise CloudError(f"only root may install {', '.join(packages)}")
    apt = ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=600"]
    with _servers_kept_from_starting():
        _run([*apt, "update"])
        _run([*apt, "install", "--no-install-recommends", *packages])


@contextmanager
def _servers_kept_from_starting() -> Iterator[None]:
    """Keep Debian from starting its own RabbitMQ: each cloud runs one of its own."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


def _constraints() -> str:
    content = b"".join(
        (TEMPLATES / name).read_bytes() for name in ("requirements.txt", "constraints.txt")
    )
    return hashlib.sha256(content).hexdigest()


def _stamp(venv: Path) -> str | None:
    try:
        return (venv / "constraints.sha256").read_text()
    except FileNotFoundError:
        return None


def _run(command: list[str]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    if subprocess.run(command, env=environment, check=False).returncode:
        raise CloudError(f"failed: {' '.join(command)}")
