# SPDX-License-Identifier: Apache-2.0
"""A RabbitMQ that takes no messages for lack of memory holds up the relay, and nothing else."""

from collections.abc import Callable, Iterator

import pytest

from synchronizer.client import Client, Resynced, StreamInfo
from tests.acceptance.simulated.settings import PATIENCE, options
from tests.engines.rabbit import RabbitBroker, RabbitNode
from tests.support.copying import Copying
from tests.support.daemon import Daemon
from tests.support.simulated import CLOUD, TYPE, SimulatedCloud
from tests.support.waiting import until


@pytest.fixture
def alarm(rabbit_node: RabbitNode) -> Iterator[Callable[[bool], None]]:
    """Raises the alarm, or lifts it."""
    yield rabbit_node.alarm
    rabbit_node.alarm(False)


def stream(client: Client) -> StreamInfo:
    (found,) = (info for info in client.describe() if info.stream.type == TYPE)
    return found


def test_the_alarm_holds_up_the_relay_alone_and_is_over_when_it_is_lifted(
    cloud: SimulatedCloud,
    make_vhost: Callable[[], RabbitBroker],
    alarm: Callable[[bool], None],
) -> None:
    bus = make_vhost().url
    extra = f"notification_transport_url = {bus}"
    with (
        Daemon(cloud=CLOUD, clouds_yaml=cloud.clouds_yaml, options=options(extra=extra)) as daemon,
        Copying(
            daemon.transport_url, TYPE, cloud=CLOUD, notification_transport_url=bus
        ) as consumer,
    ):
        consumer.wait_synced(CLOUD, TYPE, PATIENCE)
        alarm(True)
        for _ in range(3):
            before = stream(consumer.client).revision
            cloud.control.mutate("rename")
            until(
                "sampling that goes on",
                lambda before=before: stream(consumer.client).revision > before,  # type: ignore[misc]
                PATIENCE,
                told=daemon.told(),
            )
        behind = stream(consumer.client)
        assert behind.published < behind.revision
        alarm(False)

        def caught_up() -> bool:
            now = stream(consumer.client)
            return now.published == now.revision >= behind.revision

        until("a relay that caught up", caught_up, 2 * PATIENCE, told=daemon.told())
        consumer.wait_equal(CLOUD, TYPE, cloud.servers(), PATIENCE)
        assert not [event for _, event in consumer.told if isinstance(event, Resynced)]
