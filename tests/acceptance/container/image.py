# SPDX-License-Identifier: Apache-2.0
"""An image as etc/container/build.sh makes it, in a store of its own."""

import dataclasses
import json
import os
import pathlib
import signal
import subprocess
from typing import Any

from tests.support import machinepip

NAME = "synchronizer-test"

#: Seconds for a build, on a busy machine with a slow line.
PATIENCE = 1200


class Image:
    """Built in `path` from a checkout and the Debian in `base`; `told` is what that said.

    `root` is the file system of a container of it, to be read, and to be a container's
    read-only root.
    """

    def __init__(self, path: pathlib.Path, checkout: pathlib.Path, base: pathlib.Path) -> None:
        storage = path / "storage.conf"
        storage.write_text(
            f'[storage]\ndriver = "vfs"\ngraphroot = "{path}/store"\nrunroot = "{path}/run"\n'
        )
        self._environment = os.environ | {
            "CONTAINERS_STORAGE_CONF": str(storage),
            "BASE_TREE": str(base),
            "TMPDIR": str(path),
        }
        of = machinepip.settings()
        pip = path / "pip.conf"
        pip.write_text(machinepip.configuration(of))
        options = ["--secret", f"id=pip.conf,src={pip}"]
        options += [f"--volume={named}:{named}:ro" for named in machinepip.paths(of)]
        self.told = self._run("sh", str(checkout / "etc/container/build.sh"), NAME, *options)
        self.container = self.buildah("from", "--pull-never", NAME).strip()
        self.root = pathlib.Path(self.buildah("mount", self.container).strip())

    def buildah(self, *arguments: str) -> str:
        """What a command of buildah says, which has to end well."""
        return self._run("buildah", *arguments)

    def run(self, *command: str) -> str:
        """What a command in a container of it says, isolated by chroot."""
        return self.buildah("run", "--isolation=chroot", self.container, "--", *command)

    def sizes(self) -> tuple[int, int]:
        """Bytes of the image and of its base."""
        listed = json.loads(self.buildah("images", "--json"))
        found = {name: image["id"] for image in listed for name in image["names"] or ()}
        sizes = [
            self._inspected(found[f"localhost/{name}:latest"]) for name in (NAME, f"{NAME}-base")
        ]
        return sizes[0], sizes[1]

    def _inspected(self, id_: str) -> int:
        manifest = json.loads(json.loads(self.buildah("inspect", "--type=image", id_))["Manifest"])
        return sum(layer["size"] for layer in manifest["layers"])

    def settings(self) -> "ImageSettings":
        docker = json.loads(self.buildah("inspect", "--type=image", NAME))["Docker"]
        return ImageSettings(docker["config"], docker["history"])

    def close(self) -> None:
        self.buildah("umount", self.container)

    def _run(self, *command: str) -> str:
        # A session of its own: what buildah has begun ends with it, if time is up.
        process = subprocess.Popen(
            command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            told, complained = process.communicate(timeout=PATIENCE)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise
        assert process.returncode == 0, (
            f"{command} ended with {process.returncode}:\n{told[-8000:]}\n{complained[-8000:]}"
        )
        return told


@dataclasses.dataclass(frozen=True)
class ImageSettings:
    """As Docker knows them: `config` and the `history` of the layers."""

    config: dict[str, Any]
    history: list[dict[str, Any]]

    @property
    def environment(self) -> dict[str, str]:
        return dict(entry.split("=", 1) for entry in self.config["Env"])

    @property
    def identity(self) -> tuple[int, int]:
        user, group = self.config["User"].split(":")
        return int(user), int(group)

    @property
    def command(self) -> list[str]:
        return [*self.config["Entrypoint"], *self.config["Cmd"]]

    @property
    def check(self) -> list[str]:
        """The command that tells its health."""
        test: list[str] = self.config["Healthcheck"]["Test"]
        assert test[0] == "CMD", f"a health check by {test[0]} needs a shell"
        return test[1:]
