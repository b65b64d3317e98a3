# SPDX-License-Identifier: Apache-2.0
"""A mirror against real parts, over each bus: it serves what the ledger has, whatever happens."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from synchronizer import errors
from synchronizer.client import Added, Client, Deleted, Mirror, Updated
from synchronizer.model import Entity, StreamKey
from tests.engines.rabbit import RabbitBroker
from tests.functional.client.service import STREAM, Service
from tests.support.waiting import until

PATIENCE = 60.0
VOLUMES = StreamKey("c1", "cinder.volume")


@pytest.fixture(params=["local", "rabbit"])
def broker(request: pytest.FixtureRequest) -> Iterator[RabbitBroker | None]:
    """None: the service has one of its own."""
    if request.param == "local":
        yield None
        return
    broker = RabbitBroker(request.getfixturevalue("rabbit_node"))
    yield broker
    broker.close()


@pytest.fixture
def service(broker: RabbitBroker | None) -> Iterator[Service]:
    """Relay and snapshot server over a bus of each kind."""
    with tempfile.TemporaryDirectory() as directory:
        made = Service(Path(directory), bus=None if broker is None else broker.url)
        made.start()
        yield made
        made.close()


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with Client(service.url, timeout=5) as made:
        yield made


class Fold:
    """A handler that makes a copy of what it is told."""

    def __init__(self, mirror: Mirror) -> None:
        self.entities: dict[str, Entity] = {}
        self.kinds: list[type] = []
        self.handlers = mirror.subscribe(added=self.take, updated=self.take, deleted=self.take)

    def take(self, event: Added | Updated | Deleted) -> None:
        self.kinds.append(type(event))
        match event:
            case Added():
                assert event.id not in self.entities
                self.entities[event.id] = event.entity
            case Updated():
                assert self.entities[event.id] == event.old
                self.entities[event.id] = event.new
            case Deleted():
                assert self.entities.pop(event.id) == event.old


def held(mirror: Mirror, stream: StreamKey = STREAM) -> dict[str, Entity]:
    return {entity["id"]: entity for entity in mirror.list(stream.type, stream.cloud)}


def wait_equal(mirror: Mirror, service: Service, fold: Fold | None = None) -> None:
    """Until the mirror, and what a handler made of it, is what was committed."""
    until("an exact mirror", lambda: held(mirror) == service.live[STREAM], PATIENCE)
    if fold is not None:
        assert fold.handlers.wait(PATIENCE)
        assert fold.entities == service.live[STREAM]


def status(entity: Entity) -> Any:
    return entity.get("status")


def test_a_mirror_follows_the_ledger_and_so_do_its_handlers(
    service: Service, client: Client
) -> None:
    service.fill(20)
    with Mirror(client, ["nova.server"], indexes={"status": status}) as mirror:
        fold = Fold(mirror)
        assert mirror.wait_synced(PATIENCE)
        wait_equal(mirror, service, fold)
        service.put({"id": "e3", "status": "ERROR"}, {"id": "new", "status": "ERROR"})
        service.drop("e4")
        wait_equal(mirror, service, fold)
        assert fold.kinds == [Added] * 20 + [Updated, Added, Deleted]
        assert [entity["id"] for entity in mirror.by("status", "ERROR")] == ["e3", "new"]
        late = Fold(mirror)
        wait_equal(mirror, service, late)
        assert late.kinds == [Added] * 20
        found = mirror.staleness()
        assert found.connected and found.problem is None and found.age is not None
        assert found.proven_at is not None and found.heard_at is not None


def test_a_mirror_of_patterns_serves_several_streams(service: Service, client: Client) -> None:
    service.list_anew(VOLUMES)
    service.put({"id": "v"}, key=VOLUMES)
    service.fill(3)
    with Mirror(client, ["*.nova.*", "c1.cinder.volume"]) as mirror:
        assert mirror.wait_synced(PATIENCE)
        assert set(mirror.streams) == {STREAM, VOLUMES}
        assert (held(mirror), held(mirror, VOLUMES)) == (service.live[STREAM], {"v": {"id": "v"}})


@pytest.mark.parametrize("who", ["daemon", "broker"])
def test_while_one_is_away_what_is_there_is_served_and_said_to_be_old(
    service: Service, client: Client, broker: RabbitBroker | None, who: str
) -> None:
    leave, come = {
        "daemon": (service.stop_daemon, service.start_daemon),
        "broker": (
            (broker.kill, broker.start) if broker else (service.kill_broker, service.start_broker)
        ),
    }[who]
    service.fill(5)
    with Mirror(client, ["nova.server"]) as mirror:
        fold = Fold(mirror)
        assert mirror.wait_synced(PATIENCE)
        before = held(mirror)
        leave()
        service.put({"id": "e1", "n": 9}, {"id": "new"})
        service.drop("e2")
        until("a word on the outage", lambda: not mirror.staleness().connected, PATIENCE)
        gone = mirror.staleness()
        assert gone.problem is not None and gone.age is not None and gone.age > 0
        assert held(mirror) == before and mirror.has_synced()
        come()
        wait_equal(mirror, service, fold)
        until("a connection", lambda: mirror.staleness().connected, PATIENCE)
        assert fold.kinds == [Added] * 5 + [Updated, Added, Deleted]


def test_a_new_epoch_is_told_as_its_differences(service: Service, client: Client) -> None:
    service.fill(12)
    with Mirror(client, ["nova.server"]) as mirror:
        fold = Fold(mirror)
        assert mirror.wait_synced(PATIENCE)
        sizes: set[int] = set()

        def is_equal() -> bool:
            sizes.add(len(mirror))
            return held(mirror) == service.live[STREAM]

        service.begin_anew()
        service.drop("e1")
        service.put({"id": "e2", "n": 1}, {"id": "new"})
        until("an exact mirror", is_equal, PATIENCE, gap=0.001)
        assert sizes <= {11, 12, 13}
        wait_equal(mirror, service, fold)
        assert sorted(kind.__name__ for kind in fold.kinds[12:]) == ["Added", "Deleted", "Updated"]


def test_a_mirror_waits_for_a_daemon_that_is_not_there_yet(
    service: Service, client: Client
) -> None:
    service.stop_daemon()
    service.fill(2)
    with Mirror(client, ["nova.server"]) as mirror:
        until("a word on the outage", lambda: mirror.staleness().problem, PATIENCE)
        assert not mirror.wait_synced(0)
        assert mirror.list("nova.server") == []
        service.start_daemon()
        assert mirror.wait_synced(PATIENCE)
        wait_equal(mirror, service)


@pytest.mark.parametrize("broker", ["local"], indirect=True)
def test_an_unknown_type_is_raised_to_who_waits(service: Service) -> None:
    with Client(service.url, timeout=1) as client, Mirror(client, ["nova.servr"]) as mirror:
        with pytest.raises(errors.UnknownType, match=r"there are: nova.server"):
            mirror.wait_synced(PATIENCE)
        with pytest.raises(errors.UnknownType):
            mirror.list("nova.server")


def test_a_mirror_can_be_verified_at_any_time(service: Service, client: Client) -> None:
    service.fill(4)
    with Mirror(client, ["nova.server"]) as mirror:
        assert mirror.wait_synced(PATIENCE)
        found = mirror.verify(PATIENCE)[STREAM]
        assert (found.count, found.repaired) == (4, 0)
