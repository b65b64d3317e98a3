# SPDX-License-Identifier: Apache-2.0
"""A real Nova over RabbitMQ, with the ledger in PostgreSQL and in MariaDB, side by side."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator

import pytest

from synchronizer.client import Added, Deleted, Resynced, Updated
from tests.acceptance.cloud.running import RunningCloud
from tests.engines.mariadb import MariaServer
from tests.engines.postgresql import PostgresServer
from tests.engines.rabbit import RabbitBroker, RabbitNode
from tests.support.copying import Copying
from tests.support.daemon import Daemon
from tests.support.simulated import visible

TYPE = "nova.server"
MICROVERSION = "2.96"
OPTIONS = """\
transport_url = {bus}
[ledger]
connection = {ledger}
[nova]
microversion = {microversion}
[sampling]
interval = 15
changes_interval = 1
[relay]
bookmark_interval = 2
"""
#: Seconds for which Keystone is away, and what happens before and after.
OUTAGE, BEFORE, AFTER = 120, 20, 20
PATIENCE = 240


class Side:
    """A daemon on one database, with a virtual host of its own, and its consumer."""

    def __init__(self, name: str, daemon: Daemon, consumer: Copying) -> None:
        self.name = name
        self.daemon = daemon
        self.consumer = consumer

    def history(self, id_: str) -> list[str]:
        """What the consumer was told of a server, in words."""
        found = []
        for at, event in self.consumer.told:
            if isinstance(event, Added | Updated | Deleted) and event.id == id_:
                known = event.new if isinstance(event, Updated) else getattr(event, "entity", {})
                state = f"{known.get('status')} {known.get('OS-EXT-STS:task_state')}"
                found.append(f"{at} {type(event).__name__} {event.revision} {state}")
            elif isinstance(event, Resynced):
                found.append(f"{at} {event}")
        return found


@pytest.fixture
def sides(
    world: RunningCloud,
    rabbit_node: RabbitNode,
    postgresql_server: PostgresServer,
    mariadb_server: MariaServer,
) -> Iterator[list[Side]]:
    """One for each database, sampling the same cloud."""
    with contextlib.ExitStack() as stack:
        found = []
        for name, server in (("postgresql", postgresql_server), ("mariadb", mariadb_server)):
            broker = RabbitBroker(rabbit_node)
            stack.callback(broker.close)
            options = OPTIONS.format(
                bus=broker.url, ledger=server.create_database(), microversion=MICROVERSION
            )
            daemon = Daemon(cloud=world.name, clouds_yaml=world.clouds_yaml, options=options)
            stack.enter_context(daemon)
            consumer = Copying(broker.url, TYPE, cloud=world.name)
            stack.enter_context(consumer)
            found.append(Side(name, daemon, consumer))
        yield found


def test_copies_are_exact_after_churn_amid_which_keystone_was_away_for_two_minutes(
    world: RunningCloud, sides: list[Side]
) -> None:
    world.seed(30, kinds=["server"])
    for side in sides:
        side.consumer.wait_synced(world.name, TYPE, PATIENCE)
    before = set(world.listing(microversion=MICROVERSION))

    churning = threading.Thread(
        target=world.churn, args=(BEFORE + OUTAGE + AFTER,), kwargs={"kinds": ["server"]}
    )
    churning.start()
    time.sleep(BEFORE)
    world.stop("keystone")
    time.sleep(OUTAGE)
    world.start("keystone")
    churning.join()
    # One short churn more: the API answers changes again, and so must the copies.
    world.churn(10, seed=2, kinds=["server"])

    truth = world.listing(microversion=MICROVERSION)
    assert before != set(truth), "the churn neither created nor deleted a server"
    for side in sides:
        try:
            side.consumer.wait_equal(world.name, TYPE, visible(truth), PATIENCE)
        except AssertionError as error:
            raise AssertionError(f"{side.name}: {error}\n{side.daemon.told()}") from None
        gone = {id_ for _, id_ in side.consumer.deletes}
        assert gone, f"{side.name}: the churn deleted servers"
        told_of = {id_: side.history(id_) for id_ in gone & truth.keys()}
        assert not told_of, (
            f"{side.name}: {len(told_of)} servers were reported deleted and are there; "
            f"{json.dumps(told_of, indent=1)}\n{side.daemon.log.read_text()}"
        )
