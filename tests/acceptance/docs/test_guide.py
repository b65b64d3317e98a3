# SPDX-License-Identifier: Apache-2.0
"""The operators' guide on RabbitMQ and on databases: what it shows, done to real ones."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sqlalchemy

from synchronizer.bus import topics
from synchronizer.bus.notifier import Notifier
from synchronizer.bus.rpc import RpcClient
from synchronizer.bus.transport import notification_transport, rpc_transport
from synchronizer.errors import NobodyAnswers
from synchronizer.hearing import Channel, probe
from synchronizer.ledger import Ledger
from tests.engines.database import DatabaseServer
from tests.engines.mariadb import MariaServer
from tests.engines.postgresql import PostgresServer
from tests.engines.rabbit import RabbitNode
from tests.support.examples import commands
from tests.support.guide import FOLDER, configurations, to_run

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]

#: Seconds for a broker to answer, on a busy machine.
PATIENCE = 60.0


def typed(node: RabbitNode, page: str) -> None:
    """Every command of a page."""
    for block in to_run(f"{FOLDER}/{page}", "console"):
        for command, _ in commands(block):
            program, *arguments = shlex.split(command)
            assert program == "rabbitmqctl"
            node.control(*arguments)


@pytest.fixture
def node(rabbit_node: RabbitNode) -> Iterator[RabbitNode]:
    """One that has neither our user nor our virtual host, before and after."""
    yield rabbit_node
    for kind, delete in (("users", "delete_user"), ("vhosts", "delete_vhost")):
        if any(one["name"] == "synchronizer" for one in rabbit_node.api("GET", kind)):
            rabbit_node.control(delete, "synchronizer")


def configured(page: str, option: str) -> str:
    """What a page's configuration has for an option."""
    texts = [block.text for block in configurations() if block.document.endswith(page)]
    (value,) = re.findall(rf"^{option} = (.*)$", "\n".join(texts), re.MULTILINE)
    return str(value)


def at(url: str, port: int) -> str:
    """A URL of the guide that leads to a server of the tests: same user, same path."""
    first = urlsplit(url.partition(",")[0])
    path = urlsplit(url).path
    return f"{first.scheme}://{first.username}:{first.password}@127.0.0.1:{port}{path}"


def test_the_daemons_user_of_rabbitmq_can_call_and_notify(node: RabbitNode) -> None:
    typed(node, "rabbitmq.md")
    url = at(configured("rabbitmq.md", "transport_url"), node.port)
    transport = rpc_transport(url, {})
    try:
        with pytest.raises(NobodyAnswers):
            RpcClient(transport, timeout=PATIENCE).call("describe")
    finally:
        transport.cleanup()
    transport = notification_transport(url, {})
    try:
        Notifier(transport, topics.publisher_id("host")).reach(PATIENCE)
    finally:
        transport.cleanup()


def test_who_hears_the_services_may_do_that_and_nothing_else(node: RabbitNode) -> None:
    typed(node, "notifications.md")
    node.api("PUT", "exchanges/%2F/nova", {"type": "topic", "durable": False})
    try:
        url = at(configured("notifications.md", "notification_transport_url"), node.port)
        probe(
            url, "synchronizer.hears.openstack1.nova", [Channel("nova", "versioned_notifications")]
        )
        permissions = node.api("GET", "users/synchronizer/permissions")
        assert [one["vhost"] for one in permissions] == ["/"]
        assert re.fullmatch(permissions[0]["write"], "nova") is None
    finally:
        node.api("DELETE", "exchanges/%2F/nova")


@pytest.mark.parametrize("engine", ["PostgreSQL", "MariaDB"])
def test_a_database_that_was_made_so_holds_a_ledger(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    fixture = {"PostgreSQL": "postgresql_server", "MariaDB": "mariadb_server"}[engine]
    server: PostgresServer | MariaServer = request.getfixturevalue(fixture)
    (block,) = (
        block
        for block in to_run(f"{FOLDER}/databases.md", "sql")
        if block.text.startswith(f"-- {engine}\n")
    )
    statements = [text for line in block.text.split(";\n") if (text := line.strip())]
    scheme = {"PostgreSQL": "postgresql", "MariaDB": "mysql"}[engine]
    (shown,) = re.findall(rf"{scheme}://\S+", block_of_urls())
    try:
        administer(server, statements)
        opened = Ledger.open(at(shown, server.port), state_path=tmp_path, migrate=True)
        assert list(opened.streams()) == []
        opened.close()
    finally:
        undo = ["DROP DATABASE IF EXISTS synchronizer"]
        undo.append(f"DROP {'ROLE' if engine == 'PostgreSQL' else 'USER'} IF EXISTS synchronizer")
        administer(server, undo)


def block_of_urls() -> str:
    texts = [block.text for block in configurations() if block.document.endswith("databases.md")]
    return "\n".join(texts)


def administer(server: DatabaseServer, statements: list[str]) -> None:
    engine = sqlalchemy.create_engine(server._administration(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement.replace("%", "%%"))
    engine.dispose()
