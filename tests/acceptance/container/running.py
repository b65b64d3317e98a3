# SPDX-License-Identifier: Apache-2.0
"""A container as an engine would run it, by runc alone: own processes, no capabilities, its root
read-only; and this machine's network, as there is no engine to make another."""

import json
import os
import pathlib
import shutil
import subprocess
import uuid
from collections.abc import Mapping
from typing import Any, Self

from tests.acceptance.container.composition import Service
from tests.acceptance.container.image import Image

#: Seconds for a command, and for an end that was asked for, on a busy machine.
PATIENCE = 300


class Container:
    """Of an image, by the settings of a service, and `environment` beyond them.

    Its volumes are below `path`, and stay there for the next one.
    """

    def __init__(
        self, path: pathlib.Path, image: Image, service: Service, environment: Mapping[str, str]
    ) -> None:
        self.name = f"synchronizer-test-{uuid.uuid4().hex[:12]}"
        self._image = image
        self._settings = image.settings()
        self._path = path
        self._bundle = path / self.name
        self._bundle.mkdir(parents=True)
        self._output = self._bundle / "output"
        bundle = self._specified(service, environment)
        (self._bundle / "config.json").write_text(json.dumps(bundle))
        self._process: subprocess.Popen[bytes] | None = None

    def execute(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run one more command in it, as its user."""
        return self._runc("exec", self.name, *command)

    def healthy(self) -> bool:
        """What an engine would make of the image's health check."""
        return self.succeeds(*self._settings.check)

    def succeeds(self, *command: str) -> bool:
        """Whether a command in it ends well; it has to be running."""
        assert self._process is not None
        assert self._process.poll() is None, f"it has ended: {self.told()}"
        return self.execute(*command).returncode == 0

    def stop(self) -> int:
        """As `docker stop`, with any grace period; its exit status."""
        assert self._process is not None
        self._runc("kill", self.name, "TERM")
        return self._process.wait(PATIENCE)

    def told(self) -> str:
        """Its log so far."""
        return self._output.read_text(errors="replace")

    def __enter__(self) -> Self:
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                ["runc", "run", "--bundle", str(self._bundle), self.name],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        if self._process.poll() is None:
            self._runc("kill", self.name, "KILL")
            self._process.wait(PATIENCE)
        self._runc("delete", "--force", self.name)

    def _runc(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["runc", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def _specified(self, service: Service, environment: Mapping[str, str]) -> dict[str, Any]:
        """The bundle's configuration, in the words of the OCI."""
        variables = self._settings.environment | service.environment | dict(environment)
        user, group = self._settings.identity
        nothing: list[str] = []
        kinds = ("bounding", "effective", "inheritable", "permitted", "ambient")
        return {
            "ociVersion": "1.0.2",
            "process": {
                "user": {"uid": user, "gid": group},
                "args": self._settings.command,
                "env": [f"{name}={value}" for name, value in variables.items()],
                "cwd": self._settings.config["WorkingDir"],
                "capabilities": dict.fromkeys(kinds, nothing),
                "noNewPrivileges": True,
            },
            "root": {"path": str(self._image.root), "readonly": True},
            "hostname": service.hostname,
            "mounts": [*_SYSTEM, *self._mounts(service)],
            "linux": {
                "namespaces": [{"type": kind} for kind in ("pid", "ipc", "uts", "mount")],
                "cgroupsPath": _own_cgroup(self.name),
                "maskedPaths": ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"],
                "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys"],
            },
        }

    def _mounts(self, service: Service) -> list[dict[str, Any]]:
        found = []
        for mount in service.mounts:
            source = self._volume(mount.source, mount.target) if mount.volume else mount.source
            options = ["rbind", "rprivate", "ro" if mount.read_only else "rw"]
            found.append(_mount("bind", source, mount.target, options))
        for target, options in service.temporary.items():
            found.append(_mount("tmpfs", "tmpfs", target, ["nosuid", "nodev", *options]))
        return found

    def _volume(self, name: str, target: str) -> str:
        """A new one is as the image has its directory: owner, mode."""
        volume = self._path / "volumes" / name
        if not volume.exists():
            like = self._image.root / target.lstrip("/")
            volume.mkdir(parents=True)
            shutil.copymode(like, volume)
            os.chown(volume, like.stat().st_uid, like.stat().st_gid)
        return str(volume)


def _own_cgroup(name: str) -> str:
    """Below that which we are in ourselves: what holds for us is to hold for it."""
    for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if "cpu" in controllers.split(",") or not controllers:
            return f"{path.rstrip('/')}/{name}"
    return f"/{name}"


def _mount(kind: str, source: str, target: str, options: list[str]) -> dict[str, Any]:
    return {"destination": target, "type": kind, "source": source, "options": options}


_SYSTEM = [
    _mount("proc", "proc", "/proc", ["nosuid", "noexec", "nodev"]),
    _mount("tmpfs", "tmpfs", "/dev", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
    _mount("devpts", "devpts", "/dev/pts", ["nosuid", "noexec", "newinstance", "mode=0620"]),
    _mount("tmpfs", "shm", "/dev/shm", ["nosuid", "noexec", "nodev", "mode=1777", "size=64m"]),
    _mount("bind", "/sys", "/sys", ["rbind", "nosuid", "noexec", "nodev", "ro"]),
]
