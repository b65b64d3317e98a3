# SPDX-License-Identifier: Apache-2.0
"""A machine in a container: a Debian's tree in which systemd is booted.

It has the host's network: what listens on the host's 127.0.0.1 is reached from inside.
"""

import contextlib
import os
import pathlib
import shutil
import subprocess
import uuid
from typing import Self

from tests.engines.processes import ServerProcess, family_of
from tests.support.waiting import until

#: Seconds for a command in the machine, and for its boot.
PATIENCE = 600.0

#: Where systemd makes its control groups: in both of the former (version 1), or in the one that
#: there is (2).
_HIERARCHIES = ("/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup")

_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/root"}


def hindrance() -> str:
    """Why nothing can be booted here; empty when nothing hinders it."""
    if not shutil.which("systemd-nspawn"):
        return "systemd-nspawn is not installed; as root: python -m tests.engines install tools"
    if os.getuid() != 0:
        return "only root can boot a machine"
    return "" if _hierarchies() else "there are no control groups for systemd"


class Machine:
    """`with Machine(tree, log) as machine`: booted, and shut down at the end.

    The tree is its root, and stays as the machine leaves it.
    """

    def __init__(self, tree: pathlib.Path, log: pathlib.Path) -> None:
        self._tree = tree
        self._log = log
        self._groups: list[pathlib.Path] = []
        self._process: ServerProcess | None = None
        self._init = 0

    def run(self, *command: str, user: str = "") -> str:
        """What a command prints that ends well, run as root, or as `user`."""
        done = self.attempt(*command, user=user)
        assert done.returncode == 0, (
            f"{' '.join(command)} ended with {done.returncode}: {done.stdout}{done.stderr}"
        )
        return done.stdout

    def attempt(self, *command: str, user: str = "") -> subprocess.CompletedProcess[str]:
        """A command that may end in any way."""
        become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"] if user else []
        # Every name space of the machine's first process, and its root.
        enter = ["nsenter", "-t", str(self._init), "-m", "-u", "-i", "-p", "-C", "-r", "-w", "--"]
        return subprocess.run(
            [*enter, *become, *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=_ENVIRONMENT,
            timeout=PATIENCE,
            check=False,
        )

    def path(self, inside: str) -> pathlib.Path:
        """Where the host finds a file of the running machine, whatever is mounted in it."""
        return pathlib.Path(f"/proc/{self._init}/root{inside}")

    def write(self, inside: str, text: str) -> None:
        """A file of root's, with the directories that it needs."""
        path = self.path(inside)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def show(self, unit: str, *properties: str) -> dict[str, str]:
        """What systemd says of a unit."""
        said = self.run("systemctl", "show", unit, f"--property={','.join(properties)}")
        return dict(line.split("=", 1) for line in said.splitlines())

    def journal(self, unit: str, *options: str) -> str:
        """The messages of a unit, and of systemd about it."""
        self.attempt("journalctl", "--sync")
        return self.run("journalctl", "--output=cat", "--no-pager", f"--unit={unit}", *options)

    def __enter__(self) -> Self:
        # Of its own: two machines in one would each take the other's processes for theirs.
        name = f"synchronizer-test-{uuid.uuid4().hex[:12]}"
        for hierarchy in _hierarchies():
            self._groups.append(hierarchy / name)
            self._groups[-1].mkdir()
        enter = "".join(f"echo $$ > {group}/cgroup.procs && " for group in self._groups)
        nspawn = ["systemd-nspawn", "--directory", str(self._tree), "--boot", "--register=no"]
        nspawn += ["--keep-unit", "--console=pipe", "--resolv-conf=off", "--quiet"]
        command = ["sh", "-c", f'{enter} exec "$@"', "boot", *nspawn]
        self._process = ServerProcess(command, log=self._log)
        try:
            self._process.wait_until(self._booted)
        except BaseException:
            self.close()
            raise
        return self

    def close(self) -> None:
        """Shuts it down as its administrator would."""
        if self._process is not None:
            self._process.stop()
            self._process = None
        until("the machine's control groups to be free", self._removed, PATIENCE)

    def _booted(self) -> bool:
        assert self._process is not None
        for pid in family_of(self._process.pid):
            with contextlib.suppress(OSError):
                if pathlib.Path(f"/proc/{pid}/comm").read_text().strip() == "systemd":
                    self._init = pid
                    state = self.attempt("systemctl", "is-system-running").stdout.strip()
                    return state in ("running", "degraded")
        return False

    def _removed(self) -> bool:
        for group in self._groups:
            for path, _, _ in os.walk(group, topdown=False):
                with contextlib.suppress(OSError):
                    pathlib.Path(path).rmdir()
        return not any(group.exists() for group in self._groups)

    def __exit__(self, *_: object) -> None:
        self.close()


def _hierarchies() -> list[pathlib.Path]:
    return [at for at in map(pathlib.Path, _HIERARCHIES) if (at / "cgroup.procs").exists()]
