# SPDX-License-Identifier: Apache-2.0
"""Installs what a cloud runs on: two servers from Debian, the rest from PyPI."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from tests.cloud.errors import CloudError, NotInstalledError
from tests.cloud.settings import TEMPLATES
from tests.engines import packages

PACKAGES = ("rabbitmq-server", "mariadb-server-core", "mariadb-client-core")


def install(cache: Path) -> None:
    """Install what is missing; quick when nothing is."""
    try:
        packages.install(PACKAGES)
    except packages.CannotInstallError as error:
        raise CloudError(str(error)) from None
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
    missing = packages.missing(PACKAGES)
    if _stamp(cache / "venv") != _constraints():
        missing.append(f"the services in {cache}")
    if missing:
        raise NotInstalledError(
            f"not installed: {', '.join(missing)}; run 'python -m tests.cloud install'"
        )
    return cache / "venv"


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
    if subprocess.run(command, check=False).returncode:
        raise CloudError(f"failed: {' '.join(command)}")
