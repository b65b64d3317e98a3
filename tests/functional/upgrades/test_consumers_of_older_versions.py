# SPDX-License-Identifier: Apache-2.0
"""An upgrade with a consumer attached: it uses its version's own client, and goes on.

What it had before the upgrade is what a daemon of its version told, as it was recorded; the
ledger is the one that this daemon left, with revisions that nobody was told of.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.functional.nova import scripted
from tests.functional.upgrades.broker import local_broker
from tests.functional.upgrades.cloud import Servers
from tests.functional.upgrades.consumer import PATIENCE, OldConsumer
from tests.functional.upgrades.standin import Standin
from tests.support.daemon import Daemon
from tests.support.simulated import MICROVERSION
from tests.support.waiting import until
from tests.upgrades import ledgers, place

TYPE = "nova.server"
OPTIONS = f"""
[nova]
microversion = {MICROVERSION}
types = {TYPE}
requests_per_minute = 0
[sampling]
interval = 2
changes_interval = 1
settle = 0
[relay]
bookmark_interval = 2
"""


@pytest.fixture
def ledger_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty database; an empty one is the daemon's own SQLite."""
    if request.param == "sqlite":
        yield ""
        return
    server = request.getfixturevalue(f"{request.param}_server")
    url = server.create_database()
    yield url
    server.drop_database(url)


@pytest.fixture
def bus_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Of RabbitMQ; an empty one is the daemon's own bus."""
    if request.param == "local":
        yield ""
        return
    from tests.engines.rabbit import RabbitBroker

    broker = RabbitBroker(request.getfixturevalue("rabbit_node"))
    yield broker.url
    broker.close()


@pytest.mark.parametrize("version", ledgers.VERSIONS)
@pytest.mark.parametrize(
    ("ledger_url", "bus_url"),
    [("sqlite", "local"), ("postgresql", "rabbit"), ("mariadb", "local")],
    indirect=True,
)
def test_a_consumer_of_an_older_version_stays_exact_across_the_upgrade(
    version: str, ledger_url: str, bus_url: str, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        clouds = {name: stack.enter_context(scripted.serving()) for name in ("east", "west")}
        daemon = Daemon(
            cloud=", ".join(clouds), clouds_yaml=entries(tmp_path, clouds), options=OPTIONS
        )
        url = ledger_url or f"sqlite:///{daemon.path}/state/ledger.sqlite"
        bus = bus_url or daemon.transport_url
        configure(daemon, bus, url)
        ledgers.restore(version, url, daemon.path / "state")
        left = {cloud: ledgers.live(url, cloud) for cloud in clouds}
        novas = {name: Servers(cloud, left[name]) for name, cloud in clouds.items()}
        lines = place.left(version, ledgers.kind_of(url))["lines"]

        # The older daemon, and its consumer.
        with ExitStack() as older:
            if not bus_url:
                older.enter_context(local_broker(daemon.path / "run" / "bus.sock"))
            standin = older.enter_context(Standin(bus, lines, version=version))
            consumer = stack.enter_context(OldConsumer(version, bus, TYPE))
            consumer.wait("its copies", lambda: len(synced(consumer.events)) == len(clouds))
            standin.tell()
            before = standin.revisions
            consumer.wait("what followed", lambda: last(consumer, "east") == before["east"])

        # The upgrade. What was not published before is told now.
        stack.enter_context(daemon)
        consumer.wait("what it was not told", lambda: consumer.held("east") == left["east"])
        after = last(consumer, "east")
        assert after > before["east"]

        # And what happens then.
        one, two, *_ = sorted(left["east"])
        novas["east"].put({**left["east"][one], "name": "renamed"})
        novas["east"].put({**left["east"][two], "id": "new"})
        novas["east"].drop(two)
        consumer.wait("an exact copy", lambda: consumer.held("east") == novas["east"].all())
        wait_proven(consumer)

        began = page_of(lines, "east")["revision"]
        told = [e["revision"] for e in consumer.of("east") if e["event"] != "Synced"]
        assert [revision for revision in told if revision > began] == [*range(began + 1, after + 4)]
        assert consumer.held("west") == left["west"] == novas["west"].all()
        assert {event["event"] for event in consumer.of("west")} == {"Added", "Synced"}
        assert len(synced(consumer.events)) == len(clouds)
        assert not [event for event in consumer.events if event["event"] == "Resynced"]
        check_questions(consumer, lines, novas["east"].all(), daemon.told())


def check_questions(
    consumer: OldConsumer, lines: list[dict[str, Any]], servers: dict[str, Any], log: str
) -> None:
    """Each method of the older client gets from this daemon what it expects."""
    described = {stream["cloud"]: stream for stream in consumer.ask("describe")}
    for cloud, stream in described.items():
        assert stream["epoch"] == page_of(lines, cloud)["epoch"], log
        assert stream["held"] == 0
        assert stream["problem"] is None
        assert stream["published"] == stream["revision"]
    found = consumer.ask("get_all", entity_type=TYPE, cloud="east", max_age=0)
    assert {server["id"]: server for server in found} == servers
    shown = consumer.ask("get_all", entity_type=TYPE, cloud="east", fields=["id", "name"])
    assert {server["id"] for server in shown} == servers.keys()
    assert (
        consumer.ask("get", entity_type=TYPE, id_="new", cloud="east")["entity"] == servers["new"]
    )
    since = page_of(lines, "east")["revision"]
    epoch = page_of(lines, "east")["epoch"]
    answer = consumer.ask("changes", entity_type=TYPE, since=since, epoch=epoch, cloud="east")
    assert (answer["first"], answer["last"]) == (since + 1, described["east"]["revision"])
    assert consumer.ask("barrier", entity_type=TYPE, nonce="mine", cloud="east") is None


def wait_proven(consumer: OldConsumer) -> None:
    """Until a complete listing was proven of each cloud that began after now."""
    before = {stream["cloud"]: stream["listed_at"] for stream in consumer.ask("describe")}

    def proven() -> bool:
        now = {stream["cloud"]: stream["listed_at"] for stream in consumer.ask("describe")}
        return all(now[cloud] > listed for cloud, listed in before.items())

    for _ in range(2):  # the one that is under way may have begun earlier
        until("a proven listing", proven, PATIENCE)
        before = {stream["cloud"]: stream["listed_at"] for stream in consumer.ask("describe")}


def synced(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events if event["event"] == "Synced"]


def last(consumer: OldConsumer, cloud: str) -> int:
    """The highest revision that it was told."""
    return max((event.get("revision", 0) for event in consumer.of(cloud)), default=0)


def page_of(lines: list[dict[str, Any]], cloud: str) -> dict[str, Any]:
    """The snapshot that the consumer began with."""
    pages = [line["answer"] for line in lines if line.get("method") == "get_all"]
    (page,) = (page for page in pages if page["cloud"] == cloud)
    found: dict[str, Any] = page
    return found


def entries(path: Path, clouds: dict[str, scripted.Scripted]) -> Path:
    """A clouds.yaml with these."""
    file = path / "clouds.yaml"
    auth = {
        "username": "admin",
        "password": "scripted-password",
        "project_name": "admin",
        "user_domain_name": "Default",
        "project_domain_name": "Default",
    }
    found = {
        name: {"auth": {**auth, "auth_url": cloud.auth_url}, "region_name": "RegionOne"}
        for name, cloud in clouds.items()
    }
    file.write_text(json.dumps({"clouds": found}))
    return file


def configure(daemon: Daemon, bus: str, ledger: str) -> None:
    text = daemon.configuration.read_text()
    text = text.replace("[DEFAULT]\n", f"[DEFAULT]\ntransport_url = {bus}\n", 1)
    daemon.configuration.write_text(f"{text}\n[ledger]\nconnection = {ledger}\n")
