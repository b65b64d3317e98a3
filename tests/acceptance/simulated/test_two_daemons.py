# SPDX-License-Identifier: Apache-2.0
"""A second daemon on the directories of the first one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.simulated.settings import PATIENCE, options
from tests.support.copying import Copying
from tests.support.daemon import Daemon
from tests.support.simulated import CLOUD, TYPE, SimulatedCloud


@pytest.mark.parametrize("shared", ["state", "run"])
def test_a_second_daemon_says_who_runs_already_and_the_first_goes_on(
    tmp_path: Path, shared: str
) -> None:
    with SimulatedCloud(tmp_path, servers=60) as cloud:
        daemon = Daemon(cloud=CLOUD, clouds_yaml=cloud.clouds_yaml, options=options())
        with daemon, Copying(daemon.transport_url, TYPE, cloud=CLOUD) as consumer:
            consumer.wait_synced(CLOUD, TYPE, PATIENCE)
            second = tmp_path / "second.conf"
            text = daemon.configuration.read_text().replace("synchronizer.log", "second.log")
            other = "run" if shared == "state" else "state"
            second.write_text(text.replace(f"{daemon.path}/{other}", f"{tmp_path}/{other}"))
            refused = subprocess.run(
                [sys.executable, "-m", "synchronizer", "run", "--config-file", str(second)],
                capture_output=True,
                text=True,
                env={**os.environ, "OS_CLIENT_CONFIG_FILE": str(cloud.clouds_yaml)},
                timeout=PATIENCE,
                check=False,
            )
            assert refused.returncode == 1
            told = refused.stderr + (daemon.path / "second.log").read_text()
            assert f"another daemon (pid {daemon.pid}) is running in {daemon.path / shared}" in told
            assert "Traceback" not in told

            cloud.control.step(50, settle=True)
            consumer.wait_equal(CLOUD, TYPE, cloud.servers(), PATIENCE)
            assert "another process has taken over" not in daemon.told()
