# SPDX-License-Identifier: Apache-2.0
"""The daemon beside a services' bus: what that tells it, and what it does without."""

import time
from collections.abc import Callable, Iterator

import pytest

from synchronizer.client import Client
from synchronizer.client.values import StreamInfo
from tests.engines.rabbit import RabbitBroker
from tests.functional.hearing.service import Service
from tests.support.daemon import Daemon
from tests.support.simulated import CLOUD, MICROVERSION, TYPE, SimulatedCloud

PATIENCE = 60.0

#: There is one listing, at the start, and nothing else is asked for.
OPTIONS = f"""
[sampling]
interval = 7200
changes_interval = 0
[nova]
microversion = {MICROVERSION}
types = {TYPE}
[cloud:{CLOUD}]
plugins = nova
notification_transport_url = """


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedCloud]:
    with SimulatedCloud(tmp_path_factory.mktemp("cloud"), servers=20) as made:
        yield made


class Running:
    """A daemon and its client."""

    def __init__(self, cloud: SimulatedCloud, url: str) -> None:
        self.daemon = Daemon(cloud=CLOUD, clouds_yaml=cloud.clouds_yaml, options=OPTIONS + url)
        self.daemon.start()
        self.client = Client(self.daemon.transport_url, cloud=CLOUD)

    def stream(self) -> StreamInfo | None:
        found = [s for s in self.client.describe() if s.type == TYPE]
        return found[0] if found else None

    def until(self, what: str, met: Callable[[StreamInfo], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                stream = self.stream()
            except Exception as error:
                told = str(error)  # it is not up yet
            else:
                if stream is not None and met(stream):
                    return
                told = str(stream)
            assert time.monotonic() < end, f"{what}: {told}\n{self.daemon.told()}"
            time.sleep(0.1)

    def close(self) -> None:
        self.client.close()
        self.daemon.__exit__(None, None, None)


@pytest.fixture
def run(cloud: SimulatedCloud) -> Iterator[Callable[[str], Running]]:
    made: list[Running] = []

    def start(url: str) -> Running:
        made.append(Running(cloud, url))
        return made[-1]

    yield start
    for running in made:
        running.close()


def is_whole(stream: StreamInfo) -> bool:
    return stream.listed_at is not None and stream.problem is None


def test_what_a_notification_names_is_read(
    cloud: SimulatedCloud, vhost: RabbitBroker, service: Service, run: Callable[[str], Running]
) -> None:
    running = run(vhost.url)
    running.until("it is not listed", is_whole)
    before = running.stream()
    assert before is not None
    id_ = cloud.control.mutate("rename")

    def tell(stream: StreamInfo) -> bool:
        """More than once, as it may listen a moment later only."""
        service.send(range(1), "compute.instance.update", instance_id=id_)
        return stream.revision > before.revision

    running.until("nothing came", tell)
    read = running.client.get(TYPE, id_)
    assert read.entity == cloud.servers()[id_]
    # It hears on after the bus was gone; the service's next message brings its exchange.
    vhost.kill()
    running.until("it does not notice", lambda stream: "is away" in (stream.problem or ""))
    missed = cloud.control.mutate("rename")
    vhost.start()
    service.send(range(1), "compute.instance.update", instance_id="of-nobody")
    running.until("it hears no more", is_whole)
    running.until(
        "what was missed never came",
        lambda _: running.client.get(TYPE, missed).entity == cloud.servers()[missed],
    )


def test_a_bus_that_refuses_us_changes_nothing_but_what_is_told(
    cloud: SimulatedCloud, vhost: RabbitBroker, run: Callable[[str], Running]
) -> None:
    running = run(vhost.url.replace("guest:guest", "guest:not-the-password"))
    running.until("it is not listed", lambda stream: stream.listed_at is not None)
    running.until("that is not told", lambda stream: "log in" in (stream.problem or ""))
    assert {server["id"] for server in running.client.get_all(TYPE)} == set(cloud.servers())
    log = running.daemon.log.read_text()
    assert log.count("no notifications are heard") == 1
    assert "not-the-password" not in log
