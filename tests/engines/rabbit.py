# SPDX-License-Identifier: Apache-2.0
"""A RabbitMQ of our own: one node for all tests, a virtual host for each."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any

from tests.engines.processes import PATIENCE, ServerProcess, free_port, listening

#: The scripts in /usr/sbin refuse ordinary users.
_PROGRAMS = Path("/usr/lib/rabbitmq/bin")

#: RabbitMQ's own share of the memory above which it blocks publishers.
_WATERMARK = "0.4"


def installed() -> bool:
    """Whether a RabbitMQ can be started here."""
    return (_PROGRAMS / "rabbitmq-server").exists() and shutil.which("epmd") is not None


class RabbitNode:
    """A node on loopback, in a temporary directory.

    `configuration`: further lines of its rabbitmq.conf. `administrator`: NAME:PASSWORD, where
    these lines make another one.
    """

    def __init__(self, configuration: str = "", administrator: str = "guest:guest") -> None:
        self._login = base64.b64encode(administrator.encode()).decode()
        self.home = Path(tempfile.mkdtemp(prefix="rabbit-"))
        self.port, self._http, distribution, epmd = (free_port() for _ in range(4))
        plugins = self.home / "plugins"
        plugins.write_text("[rabbitmq_management].\n")
        file = self.home / "rabbitmq.conf"
        file.write_text(
            f"management.tcp.port = {self._http}\nmanagement.tcp.ip = 127.0.0.1\n"
            f"queue_index_embed_msgs_below = 4096\n{configuration}"
        )
        self._environment = os.environ | {
            "HOME": str(self.home),
            "RABBITMQ_NODENAME": f"test{os.getpid()}-{self.port}@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_CONFIG_FILE": str(file),
            "RABBITMQ_MNESIA_BASE": str(self.home / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.home / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
            "ERL_EPMD_PORT": str(epmd),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }
        # In the foreground: one that Erlang starts itself would outlive the tests.
        self._epmd = ServerProcess(["epmd"], log=self.home / "epmd", environment=self._environment)
        self._epmd.wait_until(lambda: listening(epmd))
        self._server: ServerProcess | None = None
        self.start()

    @property
    def pid(self) -> int:
        """Of its first process."""
        assert self._server is not None, "it does not run"
        return self._server.pid

    def start(self) -> None:
        """Run the node; returns when it answers."""
        assert self._server is None, "it runs"
        self._server = ServerProcess(
            [str(_PROGRAMS / "rabbitmq-server")],
            log=self.home / "output",
            environment=self._environment,
        )
        self._server.wait_until(self._answers)

    def kill(self) -> None:
        """End it as a crash would."""
        assert self._server is not None, "it does not run"
        self._server.kill()
        self._server = None

    def stop(self) -> None:
        """End it as its administrator would."""
        assert self._server is not None, "it does not run"
        self._server.stop()
        self._server = None

    def pause(self) -> None:
        """Stop it where it is: it accepts connections and answers nothing."""
        assert self._server is not None, "it does not run"
        self._server.pause()

    def resume(self) -> None:
        """Go on after `pause`."""
        assert self._server is not None, "it does not run"
        self._server.resume()

    def alarm(self, raised: bool) -> None:
        """Raise, or lift, the memory alarm: publishers are blocked while it is raised."""
        self.control("set_vm_memory_high_watermark", "0.000001" if raised else _WATERMARK)
        end = time.monotonic() + PATIENCE
        while self._alarmed() != raised:
            assert time.monotonic() < end, "the memory alarm did not follow the watermark"
            time.sleep(0.05)

    def control(self, *arguments: str) -> str:
        """Run a command of `rabbitmqctl`; what it printed."""
        done = subprocess.run(
            [str(_PROGRAMS / "rabbitmqctl"), *arguments],
            env=self._environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def close(self) -> None:
        """End it for good, and remove what it left."""
        if self._server is not None:
            self._server.kill()
            self._server = None
        self._epmd.kill()
        shutil.rmtree(self.home, ignore_errors=True)

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
                "Authorization": f"Basic {self._login}",
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            text = answer.read()
        return json.loads(text) if text else None

    def _alarmed(self) -> bool:
        try:
            self.api("GET", "health/checks/local-alarms")
        except urllib.error.HTTPError as error:
            if error.code != 503:
                raise
            return True
        return False

    def _answers(self) -> bool:
        try:
            self.api("GET", "overview")
        except (OSError, urllib.error.URLError):
            return False
        return listening(self.port)


class RabbitBroker:
    """A fresh virtual host of the node, of that `name`, as a test of the bus wants its broker."""

    def __init__(self, node: RabbitNode) -> None:
        self._node = node
        self.name = uuid.uuid4().hex
        node.api("PUT", f"vhosts/{self.name}")
        node.api(
            "PUT",
            f"permissions/{self.name}/guest",
            {"configure": ".*", "write": ".*", "read": ".*"},
        )
        self.url = f"rabbit://guest:guest@127.0.0.1:{node.port}/{self.name}"

    def kill(self) -> None:
        self._node.kill()

    def start(self) -> None:
        self._node.start()

    def pause(self) -> None:
        self._node.pause()

    def resume(self) -> None:
        self._node.resume()

    def close(self) -> None:
        if self._node.running:
            self.resume()
        else:
            self.start()
        self._node.api("DELETE", f"vhosts/{self.name}")

    def queues(self) -> dict[str, int]:
        return {queue["name"]: queue.get("messages", 0) for queue in self._queues()}

    def arguments(self) -> dict[str, dict[str, Any]]:
        """What each queue was declared with."""
        return {queue["name"]: queue["arguments"] for queue in self._queues()}

    def _queues(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._node.api(
            "GET", f"queues/{self.name}?disable_stats=true&enable_queue_totals=true"
        )
        return found
