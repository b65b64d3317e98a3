# SPDX-License-Identifier: Apache-2.0
"""A minimal Debian, made once and shared: the base of an image, the root of a machine that boots.

`python -m tests.support.debian` makes it ahead of the tests that want it, in a minute or two.
"""

import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

SUITE = "bookworm"

#: All that both of its uses need, beside what every Debian has.
PACKAGES = ("ca-certificates", "dbus", "python3", "python3-venv", "systemd", "systemd-sysv")

CACHE = pathlib.Path.home() / ".cache/synchronizer/debian"

_UNREAD = ("usr/share/doc", "usr/share/info", "usr/share/locale", "usr/share/man")


class CannotMakeError(Exception):
    """There is no Debian to be had here; the text says what is missing."""


def hindrance() -> str:
    """Why none can be made here; empty when nothing hinders it."""
    if not shutil.which("debootstrap"):
        return "debootstrap is not installed; as root: python -m tests.engines install tools"
    return "" if os.getuid() == 0 else "only root can make a Debian"


def root(cache: pathlib.Path = CACHE) -> pathlib.Path:
    """The directory of a Debian with `PACKAGES`: to be copied, never to be written into.

    Made when it is not there yet; who asks meanwhile waits.
    """
    made = cache / f"{SUITE}-{hashlib.sha256(' '.join(PACKAGES).encode()).hexdigest()[:12]}"
    if made.exists():
        return made
    if reason := hindrance():
        raise CannotMakeError(reason)
    cache.mkdir(parents=True, exist_ok=True)
    with pathlib.Path(cache, "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            making = cache / "making"
            remove(making)
            _make(making)
            making.rename(made)
    return made


def copy(source: pathlib.Path, to: pathlib.Path) -> pathlib.Path:
    """Another one like `source`, with owners, links and times; a second or two."""
    to.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", "--reflink=auto", f"{source}/.", str(to)], check=True)
    return to


def remove(tree: pathlib.Path) -> None:
    """A tree's end, but never that of what is still mounted in it."""
    subprocess.run(["rm", "-rf", "--one-file-system", str(tree)], check=True)


def _make(tree: pathlib.Path) -> None:
    log = tree.with_suffix(".log")
    command = ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}"]
    command += [SUITE, str(tree), *_mirror()]
    with log.open("wb") as file:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, umask=0o022, check=False
        )
    if done.returncode:
        last = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
        raise CannotMakeError(f"{' '.join(command)} ended with {done.returncode}:\n{last}")
    for package in (tree / "var/cache/apt/archives").glob("*.deb"):
        package.unlink()
    for index in (tree / "var/lib/apt/lists").glob("*_*"):
        index.unlink()
    for path in _UNREAD:
        shutil.rmtree(tree / path)
        (tree / path).mkdir()


def _mirror() -> list[str]:
    """The one that this machine uses for the same suite; else debootstrap knows Debian's."""
    asked = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(CODENAME) $(SITE)"],
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(rf"^{SUITE} (http\S+)$", asked.stdout, re.MULTILINE)
    return [found[1]] if found else []


if __name__ == "__main__":
    try:
        print(root())
    except CannotMakeError as error:
        sys.exit(f"{error}\n(the tests that need it will be skipped)")
