# SPDX-License-Identifier: Apache-2.0
"""User data, passwords and tokens go into the daemon and come out nowhere."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import oslo_messaging
import pytest
from keystoneauth1 import loading, session

from synchronizer.bus import topics, transport
from synchronizer.ledger.payload import Payloads
from synchronizer.model import StreamKey
from synchronizer.simulator import (
    USER_DATA_MARKER,
    USER_DATA_SECRET,
    Fault,
    Simulator,
    accounts,
    write_clouds,
)
from synchronizer.simulator.accounts import Project, User
from synchronizer.simulator.simulator import Running
from synchronizer.simulator.tokens import Token, Tokens
from tests.acceptance.simulated.settings import PATIENCE, options
from tests.support.copying import Copying
from tests.support.daemon import Daemon
from tests.support.simulated import CLOUD, MICROVERSION, TYPE, visible
from tests.support.waiting import until

SERVERS = 60
#: No common word, so that finding it means something.
PASSWORD = "pass-7b1e0c-phrase"
DEBUG = "debug = true\ndefault_log_levels = "
#: What the daemon gets over by itself within seconds.
PASSING = (
    Fault(kind="error", status=500),
    Fault(kind="wrong-shape", shape="texts"),
    Fault(kind="truncated-json"),
)
#: What it tries again after minutes only, as an operator has to act.
LASTING = (
    Fault(kind="error", status=401, operations=frozenset({"list"})),
    Fault(kind="lost-admin", variant="403", operations=frozenset({"changes"})),
)


@pytest.fixture
def tokens(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every token that the simulated Keystone gives out."""
    given: list[str] = []
    issue = Tokens.issue

    def issuing(self: Tokens, user: User, project: Project | None) -> Token:
        token = issue(self, user, project)
        given.append(token.id)
        return token

    monkeypatch.setattr(Tokens, "issue", issuing)
    return given


@pytest.fixture
def cloud(tokens: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setattr(accounts, "PASSWORD", PASSWORD)
    with Simulator(servers=SERVERS, microversion=MICROVERSION).serving() as running:
        yield running


class Overheard:
    """A listener of plain oslo.messaging, which knows nothing of this project's forms."""

    def __init__(self, url: str) -> None:
        self.heard: list[str] = []
        self._transport = transport.notification_transport(url)
        target = oslo_messaging.Target(topic=topics.topic_of(CLOUD, TYPE))
        self._listener = oslo_messaging.get_notification_listener(
            self._transport, [target], [self], executor="threading", pool="overheard"
        )
        self._listener.start()

    def info(self, *message: Any) -> None:
        self.heard.append(json.dumps(message, default=str))

    def close(self) -> None:
        self._listener.stop()
        self._listener.wait()
        self._transport.cleanup()


def asked(url: str, id_: str) -> list[str]:
    """The answers of every method, and errors, as they come over the bus."""
    rpc = transport.rpc_transport(url)
    target = oslo_messaging.Target(topic=topics.RPC_TOPIC, version=topics.RPC_VERSION)
    client = oslo_messaging.get_rpc_client(rpc, target, timeout=30)
    calls: list[tuple[str, dict[str, Any]]] = [
        ("get_all", {"type": TYPE}),
        ("get_all", {"type": TYPE, "where": {"OS-EXT-SRV-ATTR:user_data": "x"}}),
        ("get_all", {"type": TYPE, "fields": ["OS-EXT-SRV-ATTR:user_data", "adminPass"]}),
        ("changes", {"type": TYPE, "since": 0}),
        ("get", {"type": TYPE, "id": id_}),
        ("get", {"type": TYPE, "id": "nothing"}),
        ("history", {"type": TYPE, "id": id_}),
        ("history", {"type": TYPE, "id": "nothing"}),
        ("digests", {"type": TYPE, "epoch": "another", "revision": 1}),
        ("roster", {"type": TYPE, "epoch": "another", "revision": 1}),
        ("get_all", {"type": "nova.nothing"}),
        ("describe", {}),
    ]
    answers = []
    for method, arguments in calls:
        try:
            answers.append(json.dumps(client.call({}, method, **arguments)))
        except Exception as error:
            answers.append(f"{type(error).__name__}: {error}")
    rpc.cleanup()
    return answers


def problem(consumer: Copying) -> str | None:
    (stream,) = consumer.client.describe()
    return stream.problem


def trouble(cloud: Running, consumer: Copying, *faults: Fault) -> None:
    """Puts faults in force, and waits until the daemon has met all of them and tells."""
    for fault in faults:
        cloud.control.add_fault(fault)

    def met() -> bool:
        return all(fault["struck"] for fault in cloud.control.faults())

    until("the faults to strike", met, PATIENCE)
    until("a problem", lambda: problem(consumer), PATIENCE)


def of_ledger(state_path: Path) -> Iterator[bytes]:
    """Every file as it is, and every payload unpacked."""
    for file in state_path.iterdir():
        yield file.read_bytes()
    unpack = Payloads().unpack
    with sqlite3.connect(state_path / "ledger.sqlite") as database:
        for (payload,) in database.execute("SELECT payload FROM version WHERE payload IS NOT NULL"):
            yield unpack(payload)


def answer_of_api(cloud: Running) -> str:
    """What Nova answers to an administrator, as it is."""
    login = loading.get_plugin_loader("password").load_from_options(
        auth_url=cloud.auth_url,
        username="admin",
        password=PASSWORD,
        project_name="admin",
        user_domain_name="Default",
        project_domain_name="Default",
    )
    headers = {"OpenStack-API-Version": f"compute {MICROVERSION}"}
    url = f"{cloud.compute_url}/servers/detail?all_tenants=1"
    text: str = session.Session(auth=login).get(url, headers=headers).text
    return text


def test_secrets_are_nowhere_outside(tmp_path: Path, cloud: Running, tokens: list[str]) -> None:
    clouds = tmp_path / "clouds.yaml"
    write_clouds(clouds, CLOUD, cloud.auth_url, PASSWORD)
    daemon = Daemon(cloud=CLOUD, clouds_yaml=clouds, options=options(extra=DEBUG))
    with daemon, Copying(daemon.transport_url, TYPE, cloud=CLOUD) as consumer:
        consumer.wait_synced(CLOUD, TYPE, PATIENCE)
        overheard = Overheard(daemon.transport_url)
        cloud.control.churn(rate=20)
        until("notifications", lambda: len(overheard.heard) > 10, PATIENCE)
        answers = []
        # Errors quote answers and requests; so they are asked for, one after the other.
        for fault in PASSING:
            trouble(cloud, consumer, fault)
            answers += asked(daemon.transport_url, next(iter(consumer.copy.of(CLOUD, TYPE))))
            cloud.control.clear_faults()
            until(f"the end of {fault.kind}", lambda: problem(consumer) is None, PATIENCE)
        cloud.control.churn(rate=0)
        api = answer_of_api(cloud)
        truth = {server["id"]: server for server in json.loads(api)["servers"]}
        consumer.wait_equal(CLOUD, TYPE, visible(truth), PATIENCE)
        trouble(cloud, consumer, *LASTING)
        answers += asked(daemon.transport_url, next(iter(truth)))
        copy = json.dumps(consumer.copy.of(CLOUD, TYPE))
        overheard.close()

        assert StreamKey(CLOUD, TYPE) in consumer.copy.synced
        assert USER_DATA_MARKER in api, "there is nothing to be found"
        assert len(tokens) >= 2
        log = daemon.log.read_text()
        assert "REQ: curl" in log, "requests are not logged, so that nothing can leak there"
        secrets = [USER_DATA_MARKER, USER_DATA_SECRET, PASSWORD, *tokens]
        outside = {
            "the copy": [copy],
            "the bus": overheard.heard,
            "an answer": answers,
            "the log": [log, (daemon.path / "daemon.out").read_text()],
            "the ledger": [part.decode("latin-1") for part in of_ledger(daemon.path / "state")],
        }
        for where, texts in outside.items():
            assert any(len(text) > 100 for text in texts), f"{where} is empty"
            for text in texts:
                found = [secret for secret in secrets if secret in text]
                assert not found, f"in {where}: {found}"
        assert "user_data" not in copy
