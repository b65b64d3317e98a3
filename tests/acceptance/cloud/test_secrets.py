# SPDX-License-Identifier: Apache-2.0
"""What services tell in confidence goes into the daemon and comes out nowhere.

Each marker is first shown to be where it could be taken from: in the API's raw answer, or in a
native notification. Not observable in this cloud, and so tested against small services of the
tests' own: `adminPass` (only the answer to a creation has it) and `encryption_key_id` (needs a
key manager).
"""

import base64
import contextlib
import json
import re
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import oslo_messaging
import pytest

from synchronizer.bus import topics, transport
from synchronizer.ledger.payload import Payloads
from tests.acceptance.cloud.outsider import ENTRY, Outsider, outsider
from tests.acceptance.cloud.running import RunningCloud
from tests.cloud.notifications import record
from tests.support.copying import Copying
from tests.support.daemon import Daemon
from tests.support.waiting import until

PATIENCE = 180
#: Each is of no other use, so that finding it means something.
HIDDEN, OUTPUT = "marker-hidden-parameter-5d1e", "marker-output-81c2"
USER_DATA = "marker-user-data-77ab"
ADMIN_PASS = "marker-admin-pass-40fe"
PASSWORD = "marker-password-2b9c"
#: Whatever Keystone signs begins so.
TOKEN = re.compile(r"gAAAA[A-Za-z0-9_-]{60,}")
TYPES = ("nova.server", "heat.stack", "cinder.volume", "glance.image", "keystone.user")
OPTIONS = """\
debug = true
default_log_levels = ""
[cloud:{cloud}]
plugins = nova, heat, cinder, glance, keystone
notification_transport_url = rabbit://{bus}
[sampling]
interval = 10
changes_interval = 1
[relay]
bookmark_interval = 2
"""
STACK: dict[str, Any] = {
    "heat_template_version": "wallaby",
    "parameters": {"password": {"type": "string", "hidden": True}},
    "resources": {
        # Too long for a name: the reason of the failure quotes it.
        "network": {"type": "OS::Neutron::Net", "properties": {"name": {"get_param": "password"}}},
    },
    "outputs": {"secret": {"value": OUTPUT}},
}


class Overheard:
    """A listener of plain oslo.messaging on the daemon's bus."""

    def __init__(self, url: str) -> None:
        self.heard: list[str] = []
        self._transport = transport.notification_transport(url)
        targets = [oslo_messaging.Target(topic=topics.topic_of(ENTRY, type_)) for type_ in TYPES]
        self._listener = oslo_messaging.get_notification_listener(
            self._transport, targets, [self], executor="threading", pool="overheard"
        )
        self._listener.start()

    def info(self, *message: Any) -> None:
        self.heard.append(json.dumps(message, default=str))

    def close(self) -> None:
        self._listener.stop()
        self._listener.wait()
        self._transport.cleanup()


@contextlib.contextmanager
def recorded(world: RunningCloud, path: Path) -> Iterator[None]:
    """Writes what the services notify, as JSON lines."""
    ended = threading.Event()
    thread = threading.Thread(target=record, args=(world.cloud.settings, path, ended))
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@pytest.fixture
def someone(world: RunningCloud) -> Iterator[Outsider]:
    """An administrator whose password is no common word."""
    with outsider(world, PASSWORD) as found:
        yield found


def make_server(someone: Outsider) -> str:
    cloud = someone.admin
    server = cloud.compute.create_server(
        name=someone.name,
        flavor_id=cloud.compute.find_flavor("m1.nano").id,
        image_id=cloud.image.find_image("dummy").id,
        networks="none",
        user_data=base64.b64encode(USER_DATA.encode()).decode(),
        admin_password=ADMIN_PASS,
    )
    someone.undo.callback(cloud.compute.delete_server, server)
    return str(server.id)


def make_stack(someone: Outsider) -> str:
    heat = someone.admin.orchestration
    body = {
        "stack_name": someone.name,
        "template": STACK,
        "parameters": {"password": HIDDEN.ljust(300, "x")},
        "timeout_mins": 5,
    }
    id_ = str(heat.post("/stacks", json=body).json()["stack"]["id"])
    someone.undo.callback(heat.delete, f"/stacks/{someone.name}/{id_}")
    return id_


def raw(someone: Outsider, service: str, path: str) -> str:
    """What the service answers to an administrator, as it is."""
    client = getattr(someone.admin, service)
    text: str = client.get(path, microversion="2.96" if service == "compute" else None).text
    return text


def asked(url: str, server: str, stack: str) -> list[str]:
    """The answers of every method as they come over the bus."""
    rpc = transport.rpc_transport(url)
    target = oslo_messaging.Target(topic=topics.RPC_TOPIC, version=topics.RPC_VERSION)
    client = oslo_messaging.get_rpc_client(rpc, target, timeout=60)
    calls: list[tuple[str, dict[str, Any]]] = [("describe", {})]
    for type_, id_ in (("nova.server", server), ("heat.stack", stack)):
        calls += [
            ("get_all", {"type": type_}),
            ("changes", {"type": type_, "since": 0}),
            ("get", {"type": type_, "id": id_}),
            ("get", {"type": type_, "id": "nothing"}),
        ]
    answers = []
    for method, arguments in calls:
        try:
            answers.append(json.dumps(client.call({}, method, **arguments)))
        except Exception as error:
            answers.append(f"{type(error).__name__}: {error}")
    rpc.cleanup()
    return answers


def of_ledger(state_path: Path) -> Iterator[str]:
    """Every file as it is, and every payload unpacked."""
    for file in state_path.iterdir():
        yield file.read_bytes().decode("latin-1")
    unpack = Payloads().unpack
    with sqlite3.connect(state_path / "ledger.sqlite") as database:
        for (payload,) in database.execute("SELECT payload FROM version WHERE payload IS NOT NULL"):
            yield unpack(payload).decode("latin-1")


def test_what_is_told_in_confidence_comes_out_nowhere(
    world: RunningCloud, someone: Outsider, tmp_path: Path
) -> None:
    yaml, notified = tmp_path / "clouds.yaml", tmp_path / "notified.jsonl"
    someone.write_clouds(yaml)
    options = OPTIONS.format(cloud=ENTRY, bus=world.cloud.settings.transport_url)
    daemon = Daemon(cloud=ENTRY, clouds_yaml=yaml, options=options)
    url = daemon.transport_url
    with recorded(world, notified), daemon, Copying(url, *TYPES, cloud=ENTRY) as consumer:
        for type_ in TYPES:
            consumer.wait_synced(ENTRY, type_, PATIENCE)
        overheard = Overheard(url)
        server, stack = make_server(someone), make_stack(someone)

        def status(type_: str, id_: str, field: str) -> object:
            return consumer.copy.of(ENTRY, type_).get(id_, {}).get(field)

        until("the server", lambda: status("nova.server", server, "status") == "ACTIVE", PATIENCE)
        until(
            "the stack",
            lambda: status("heat.stack", stack, "stack_status") == "CREATE_FAILED",
            PATIENCE,
        )
        until(
            "notifications of both",
            lambda: all(word in notified.read_text() for word in (server, stack)),
            PATIENCE,
        )
        answers = asked(url, server, stack)
        copies = [json.dumps(consumer.copy.of(ENTRY, type_)) for type_ in TYPES]
        overheard.close()
        # Errors quote what was said: a role that is lost, a service that is refused.
        someone.take_role()
        until("a problem", lambda: any(s.problem for s in consumer.client.describe()), PATIENCE)
        answers += asked(url, server, stack)

        encoded = base64.b64encode(USER_DATA.encode()).decode()
        assert encoded in raw(someone, "compute", f"/servers/{server}")
        shown = raw(someone, "orchestration", f"/stacks/{someone.name}/{stack}")
        assert OUTPUT in shown
        assert HIDDEN in shown, "the reason of the failure quotes it"
        # Where the data of images lies: `locations` and `direct_url`.
        location = f"file://{world.cloud.settings.data}/glance/"
        assert location in raw(someone, "image", "/images?limit=100")
        told = notified.read_text()
        assert HIDDEN in told, "Heat's notification quotes it, too"

        secrets = [HIDDEN, OUTPUT, USER_DATA, encoded, ADMIN_PASS, PASSWORD, location]
        outside = {
            "a copy": copies,
            "the bus": overheard.heard,
            "an answer": answers,
            "the log": [daemon.log.read_text(), (daemon.path / "daemon.out").read_text()],
            "the ledger": list(of_ledger(daemon.path / "state")),
        }
        assert "DEBUG" in outside["the log"][0]
        for where, texts in outside.items():
            assert any(len(text) > 100 for text in texts), f"{where} is empty"
            for text in texts:
                found = [secret for secret in secrets if secret in text]
                assert not found, f"in {where}: {found}"
                assert not TOKEN.search(text), f"in {where}: a token"
