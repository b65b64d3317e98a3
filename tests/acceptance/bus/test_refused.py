# SPDX-License-Identifier: Apache-2.0
"""A daemon that RabbitMQ does not let in says so, and goes on once it is let in."""

import subprocess
import sys
from collections.abc import Callable

from tests.acceptance.simulated.settings import PATIENCE, options
from tests.engines.rabbit import RabbitBroker, RabbitNode
from tests.support.copying import Copying
from tests.support.daemon import Daemon
from tests.support.simulated import CLOUD, TYPE, SimulatedCloud
from tests.support.waiting import until

EVERYTHING = {"configure": ".*", "write": ".*", "read": ".*"}


def said(daemon: Daemon, *words: str) -> bool:
    """Whether a line of the log has them all."""
    if not daemon.log.exists():
        return False
    return any(all(w in line for w in words) for line in daemon.log.read_text().splitlines())


def test_without_its_virtual_host_it_says_so_and_begins_when_that_is_made(
    cloud: SimulatedCloud, make_vhost: Callable[[], RabbitBroker], rabbit_node: RabbitNode
) -> None:
    vhost = make_vhost()
    rabbit_node.api("DELETE", f"vhosts/{vhost.name}")
    missing = f"it has no virtual host '{vhost.name}'"
    text = options(extra=f"transport_url = {vhost.url}")
    with Daemon(cloud=CLOUD, clouds_yaml=cloud.clouds_yaml, options=text) as daemon:
        for who in ("cannot listen yet", "cannot be published"):
            until(
                f"a line of who {who}",
                lambda who=who: said(daemon, who, missing),  # type: ignore[misc]
                PATIENCE,
            )
        asked = subprocess.run(
            [sys.executable, "-m", "synchronizer", "--transport-url", vhost.url, "describe"],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert asked.returncode == 3
        assert missing in asked.stderr
        assert "guest:guest" not in asked.stderr + daemon.log.read_text()
        rabbit_node.api("PUT", f"vhosts/{vhost.name}")
        rabbit_node.api("PUT", f"permissions/{vhost.name}/guest", EVERYTHING)
        with Copying(vhost.url, TYPE, cloud=CLOUD) as consumer:
            consumer.wait_equal(CLOUD, TYPE, cloud.servers(), PATIENCE)
