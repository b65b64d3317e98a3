# SPDX-License-Identifier: Apache-2.0
"""Wheels of all that an installation needs, for machines that reach no package index.

Those of others are fetched once, by this machine's own pip, and shared by all runs of tests.
"""

import fcntl
import hashlib
import pathlib
import shutil
import subprocess
import sys
import tomllib

from tests.support.checkout import ROOT

CACHE = pathlib.Path.home() / ".cache/synchronizer/wheels"

#: The extras of an installation that can do all that the daemon can.
EXTRAS = ("openstack", "postgresql", "mysql")


def dependencies(cache: pathlib.Path = CACHE) -> pathlib.Path:
    """A directory with the wheels that our own asks for, with `EXTRAS`; without our own.

    Made when there is none for these requirements; who asks meanwhile waits.
    """
    made = cache / hashlib.sha256(_requirements().encode()).hexdigest()[:12]
    if made.exists():
        return made
    cache.mkdir(parents=True, exist_ok=True)
    with pathlib.Path(cache, "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            making = cache / "making"
            shutil.rmtree(making, ignore_errors=True)
            _pip("--wheel-dir", str(making), f"{ROOT}[{','.join(EXTRAS)}]")
            for own in making.glob("synchronizer-*.whl"):
                own.unlink()
            making.rename(made)
    return made


def build(checkout: pathlib.Path, directory: pathlib.Path) -> pathlib.Path:
    """The wheel of a checkout alone, in a directory that has no other of ours."""
    _pip("--no-deps", "--wheel-dir", str(directory), str(checkout))
    (wheel,) = directory.glob("synchronizer-*.whl")
    return wheel


def _requirements() -> str:
    """What decides which wheels are needed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(extras[name] for name in ("daemon", *EXTRAS))]
    return f"{sys.version_info[:2]} {wanted}"


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet"]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(arguments)}: {done.stdout}{done.stderr}"
