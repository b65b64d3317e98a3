# SPDX-License-Identifier: Apache-2.0
"""The operators' guide, typed page by page into a Debian that has nothing of ours yet."""

import pathlib
import re
import subprocess
import time

from tests.acceptance.docs.shape import lines_in, missing
from tests.acceptance.systemd.service import CONFIGURATION, Service
from tests.support.examples import Block, commands, every_block
from tests.support.guide import ON_THE_HOST
from tests.support.simulated import SimulatedCloud

#: As the guide calls it.
CLOUD = "openstack1"
#: What an administrator's shell remembers from one command to the next.
STATE = "/run/typed.sh"
#: Root's own path; packages come from the directory in which the administrator put the wheel.
BEGIN = """\
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PIP_NO_INDEX=1 PIP_FIND_LINKS=/opt/wheels
cd /opt/wheels
"""
#: The log follows in a moment.
PATIENCE = 120.0


class Administrator:
    """Types what the guide says, and wants to see what it shows."""

    def __init__(self, service: Service, cloud: SimulatedCloud) -> None:
        self._service = service
        self._cloud = cloud
        service.machine.write(STATE, BEGIN)

    def does(self, block: Block) -> None:
        if block.language == "console":
            for command, shown in commands(block):
                self._types(command, shown)
        elif block.name is not None and block.name.startswith("/"):
            text = block.text
            if block.name.endswith("clouds.yaml"):
                text = self._cloud.clouds_yaml.read_text()
            elif block.name == CONFIGURATION:
                # The host's port may be another daemon's; the cloud has servers alone.
                text += f"\n[monitor]\nlisten = 127.0.0.1:{self._service.port}\n"
                text += "[nova]\ntypes = nova.server\n"
            self._service.machine.write(block.name, text)

    def _types(self, command: str, shown: list[str]) -> None:
        end = time.monotonic() + PATIENCE
        while True:
            done = self._run(command)
            said = f"{done.stdout}{done.stderr}"
            if done.returncode == 0 and missing(shown, lines_in(done.stdout)) is None:
                return
            # What is asked of the log, of systemd or of the daemon may come in a moment.
            assert repeatable(command) and time.monotonic() < end, (
                f"`{command}` ended with {done.returncode}: {said}\n{self._service.told()}"
            )
            time.sleep(1)

    def _run(self, command: str) -> subprocess.CompletedProcess[str]:
        script = (
            f". {STATE}\n{command}\nstatus=$?\n"
            f'{{ export -p; printf "cd %q\\n" "$PWD"; }} > {STATE}\nexit "$status"\n'
        )
        return self._service.machine.attempt("bash", "-c", script)


def repeatable(command: str) -> bool:
    """Whether an administrator whom the answer does not please would ask again."""
    return re.match(r"journalctl|systemctl is-|synchronizer|runuser", command) is not None


def test_the_guide_installs_runs_watches_and_stops_a_service(
    service: Service, tmp_path: pathlib.Path
) -> None:
    with SimulatedCloud(tmp_path, servers=25, name=CLOUD) as cloud:
        administrator = Administrator(service, cloud)
        first, *others = ON_THE_HOST
        blocks = [block for block in every_block(first) if block.not_run is None]
        # Its last command stops the service, which the other pages are about.
        *blocks, last = blocks
        more = [
            block
            for page in others
            for block in every_block(page)
            if block.not_run is None and block.language == "console"
        ]
        for block in [*blocks, *more, last]:
            administrator.does(block)
