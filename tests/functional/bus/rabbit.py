# SPDX-License-Identifier: Apache-2.0
"""A RabbitMQ of our own: one node for all tests, a virtual host for each."""

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any

#: The scripts in /usr/sbin refuse ordinary users.
SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"


def installed() -> bool:
    """Whether a RabbitMQ can be started here."""
    return Path(SERVER).exists() and shutil.which("epmd") is not None


class RabbitNode:
    """A node on loopback, in a temporary directory."""

    def __init__(self) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="rabbit-"))
        self.port, self._http, distribution, epmd = (_free_port() for _ in range(4))
        plugins = self._home / "plugins"
        plugins.write_text("[rabbitmq_management].\n")
        configuration = self._home / "rabbitmq.conf"
        configuration.write_text(
            f"management.tcp.port = {self._http}\nmanagement.tcp.ip = 127.0.0.1\n"
            "queue_index_embed_msgs_below = 4096\n"
        )
        self._environment = os.environ | {
            "HOME": str(self._home),
            "RABBITMQ_NODENAME": f"test{os.getpid()}@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_CONFIG_FILE": str(configuration),
            "RABBITMQ_MNESIA_BASE": str(self._home / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self._home / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
            "ERL_EPMD_PORT": str(epmd),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }
        # In the foreground: one that Erlang starts itself would outlive the tests.
        self._epmd = subprocess.Popen(["epmd"], env=self._environment)
        self._server: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Run the node; returns when it answers."""
        self._server = subprocess.Popen(
            [SERVER],
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        end = time.monotonic() + 90
        while not self._answers():
            assert self._server.poll() is None, "RabbitMQ ended while it started"
            assert time.monotonic() < end, "RabbitMQ did not start"
            time.sleep(0.1)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the node and all its helpers."""
        assert self._server is not None
        os.killpg(self._server.pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        assert self._server is not None
        self._server.wait(timeout=30)
        self._server = None

    def close(self) -> None:
        if self._server is not None:
            self.kill()
        self._epmd.terminate()
        self._epmd.wait(timeout=30)
        shutil.rmtree(self._home, ignore_errors=True)

    @property
    def running(self) -> bool:
        return self._server is not None

    def api(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask the management plugin."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._http}/api/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": "Basic " + base64.b64encode(b"guest:guest").decode(),
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            text = answer.read()
        return json.loads(text) if text else None

    def _answers(self) -> bool:
        try:
            self.api("GET", "overview")
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except (OSError, urllib.error.URLError):
            return False
        return True


class RabbitBroker:
    """A fresh virtual host of the node, as `brokers.BrokerUnderTest`."""

    def __init__(self, node: RabbitNode) -> None:
        self._node = node
        self._vhost = uuid.uuid4().hex
        node.api("PUT", f"vhosts/{self._vhost}")
        node.api(
            "PUT",
            f"permissions/{self._vhost}/guest",
            {"configure": ".*", "write": ".*", "read": ".*"},
        )
        self.url = f"rabbit://guest:guest@127.0.0.1:{node.port}/{self._vhost}"

    def kill(self) -> None:
        self._node.kill()

    def start(self) -> None:
        self._node.start()

    def pause(self) -> None:
        self._node.signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._node.signal(signal.SIGCONT)

    def close(self) -> None:
        if self._node.running:
            self.resume()
        else:
            self.start()
        self._node.api("DELETE", f"vhosts/{self._vhost}")

    def queues(self) -> dict[str, int]:
        return {queue["name"]: queue.get("messages", 0) for queue in self._queues()}

    def arguments(self) -> dict[str, dict[str, Any]]:
        """What each queue was declared with."""
        return {queue["name"]: queue["arguments"] for queue in self._queues()}

    def _queues(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._node.api(
            "GET", f"queues/{self._vhost}?disable_stats=true&enable_queue_totals=true"
        )
        return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
