# SPDX-License-Identifier: Apache-2.0
"""The simulated cloud as a process of its own, with a clouds.yaml that leads to it."""

import json
import pathlib
import signal
import subprocess
import sys
from typing import Any, Self

from synchronizer.simulator import Control, GroundTruth, write_clouds

#: The entry in clouds.yaml, and the daemon's name for the cloud.
CLOUD = "simulated"
TYPE = "nova.server"
#: Of the ground truth; the daemon is told to read at the same one.
MICROVERSION = "2.96"


def visible(servers: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Without what never leaves the daemon."""
    return {
        id_: {k: v for k, v in server.items() if k != "OS-EXT-SRV-ATTR:user_data"}
        for id_, server in servers.items()
    }


class SimulatedCloud:
    """`with SimulatedCloud(path, servers=50) as cloud`; `options` are of its command line,
    `name` is its entry in clouds.yaml."""

    def __init__(
        self,
        path: pathlib.Path,
        *,
        servers: int,
        options: tuple[str, ...] = (),
        name: str = CLOUD,
    ) -> None:
        self._name = name
        self.clouds_yaml = path / "clouds.yaml"
        self.log = path / "truth.jsonl"
        self._argv = [
            sys.executable, "-m", "synchronizer.simulator", "--servers", str(servers),
            "--log", str(self.log), "--microversion", MICROVERSION, "--with-parent", *options,
        ]  # fmt: skip

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._argv, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        ready = json.loads(self._process.stdout.readline())
        write_clouds(self.clouds_yaml, self._name, ready["auth_url"])
        self.control = Control(ready["control_url"])
        return self

    def __exit__(self, *_: object) -> None:
        self.resume()
        self._process.terminate()
        self._process.communicate()

    def pause(self) -> None:
        """It answers nobody, until `resume`; what it was asked it answers then."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def truth(self) -> GroundTruth:
        return GroundTruth(self.log)

    def servers(self) -> dict[str, dict[str, Any]]:
        """All that there is now, as a consumer may see it, from the log alone."""
        return visible(self.truth().final())
