# SPDX-License-Identifier: Apache-2.0
"""Consumers that die amid churn, ours and a stock one: what is left of them on RabbitMQ."""

import contextlib
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from synchronizer.bus import rabbit
from synchronizer.bus.subscription import POOL_PREFIX
from tests.acceptance.simulated.settings import PATIENCE, options
from tests.engines.rabbit import RabbitBroker, RabbitNode
from tests.support.copying import Copying
from tests.support.daemon import Daemon
from tests.support.examples import ROOT, Example, blocks
from tests.support.simulated import CLOUD, TYPE, SimulatedCloud
from tests.support.waiting import until

STOCK = "my-consumer"


@contextlib.contextmanager
def watching(calls: str, notifications: str) -> Iterator[None]:
    """`synchronizer watch` with a URL for each bus; killed at the end."""
    process = subprocess.Popen(
        [
            sys.executable, "-u", "-m", "synchronizer", "--transport-url", calls,
            "--notification-transport-url", notifications, "watch", TYPE, "-f", "jsonl",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert any("synced" in line for line in process.stdout), "the watch ended"
        yield
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def set_up(node: RabbitNode, vhost: RabbitBroker) -> None:
    """Sets the policy as the documents say."""
    text = (ROOT / "docs/operating/rabbitmq.md").read_text()
    (command,) = re.findall(r"^\$ rabbitmqctl (set_policy .*)$", text, re.MULTILINE)
    node.control(*(vhost.name if word == "synchronizer" else word for word in shlex.split(command)))


# Most of it is the time that a queue waits for its consumer.
@pytest.mark.timeout(4 * rabbit.GRACE + 5 * PATIENCE)
def test_killed_consumers_leave_nothing_and_the_churn_goes_on(
    cloud: SimulatedCloud, make_vhost: Callable[[], RabbitBroker], rabbit_node: RabbitNode
) -> None:
    vhost = make_vhost()
    set_up(rabbit_node, vhost)
    extra = f"notification_transport_url = {vhost.url}"
    with Daemon(cloud=CLOUD, clouds_yaml=cloud.clouds_yaml, options=options(extra=extra)) as daemon:
        calls = daemon.transport_url
        with Copying(calls, TYPE, cloud=CLOUD, notification_transport_url=vhost.url) as consumer:
            consumer.wait_synced(CLOUD, TYPE, PATIENCE)
            (alive,) = vhost.queues()
            cloud.control.churn(rate=10)
            code = next(block for block in blocks("docs/wire.md") if "oslo_messaging" in block)
            code = code.replace(
                "get_notification_transport(cfg.CONF, URL)",
                "get_notification_transport(cfg.CONF, OTHER)",
            )
            code = f"OTHER = {vhost.url!r}\n{code}    print(revision, flush=True)\n"
            with (
                watching(calls, vhost.url),
                Example(code, calls, CLOUD, PATIENCE) as example,
            ):
                assert next(iter(example.lines())).strip().isdigit()
                queues = set(vhost.queues())
                assert len([name for name in queues if name.startswith(POOL_PREFIX)]) == 2
                assert STOCK in queues
            # Both are dead now, and what happens goes on to be told to their queues.
            assert set(vhost.queues()) == queues
            until(
                "the broker to remove the queues of the dead",
                lambda: set(vhost.queues()) == {alive},
                2 * rabbit.GRACE,
                gap=1.0,
            )
            cloud.control.churn(rate=0)
            consumer.wait_equal(CLOUD, TYPE, cloud.servers(), PATIENCE)
    until("an empty virtual host", lambda: vhost.queues() == {}, 2 * rabbit.GRACE)
