# SPDX-License-Identifier: Apache-2.0
"""What the daemon of a released version goes through before it leaves its ledger behind.

Two clouds. `east` has lived: creations, changes, deletions, and a part that was forgotten by
compaction. `west` lost its administrator's role (deletes are held), and then fails. Last,
notifications cannot be sent any more, and the daemon is killed with changes unpublished.
"""

import base64
import contextlib
import json
import pathlib
import queue
import subprocess
import threading
import zlib
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

from synchronizer.simulator import Fault
from tests.support.daemon import Daemon
from tests.support.simulated import MICROVERSION, SimulatedCloud
from tests.support.waiting import until

TYPE = "nova.server"
SERVERS = {"east": 6, "west": 4}
PATIENCE = 300.0

_COMPACT = """
import pathlib, sys, time
from synchronizer.ledger import Ledger
ledger = Ledger.open(sys.argv[1], state_path=pathlib.Path(sys.argv[2]))
for state in ledger.streams():
    ledger.compact(state.id, time.time_ns() // 1000)
ledger.close()
"""


class Recorder:
    """A consumer of that version's environment, which writes down what it is told."""

    def __init__(self, python: pathlib.Path, notifications: str, calls: str, log: Any) -> None:
        here = pathlib.Path(__file__).with_name("recorder.py")
        streams = [f"{cloud}.{TYPE}" for cloud in SERVERS]
        self._process = subprocess.Popen(
            [python, here, calls, notifications, *streams],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd="/",
        )
        self.lines: list[dict[str, Any]] = []
        self._came: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._came.put(json.loads(line))

    def hear(self) -> dict[str, Any]:
        """What came next."""
        self.lines.append(self._came.get(timeout=PATIENCE))
        return self.lines[-1]

    def ask(self, method: str, **arguments: Any) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{method} {json.dumps(arguments)}\n")
        self._process.stdin.flush()
        while (line := self.hear()).get("method") != method:
            continue
        return line["answer"]

    def glance(self, method: str, **arguments: Any) -> Any:
        """As `ask`, and the answer is not written down."""
        answer = self.ask(method, **arguments)
        del self.lines[-1]
        return answer

    def shown(self, cloud: str) -> dict[str, Any]:
        """Its entities, which fit into a page."""
        page = self.glance("get_all", type=TYPE, cloud=cloud, encoding="zlib")
        items = json.loads(zlib.decompress(base64.b64decode(page["entities"])))
        return {item["id"]: item["entity"] for item in items}

    def described(self) -> dict[str, dict[str, Any]]:
        """Where each cloud's stream stands."""
        clouds = self.glance("describe")["clouds"]
        return {cloud: types.get(TYPE, {}) for cloud, types in clouds.items()}

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


class Story:
    """`with Story(python, url, path) as story: story.live()`; then the ledger at `url` is as it
    was left, `marks` are the high-water marks and `lines` what a consumer was told."""

    def __init__(self, python: pathlib.Path, url: str, path: pathlib.Path) -> None:
        self._python = python
        self._program = (str(python.with_name("synchronizer")),)
        self._url = url
        self._path = path
        self._clouds = {
            name: SimulatedCloud(_made(path / name), servers=servers, name=name)
            for name, servers in SERVERS.items()
        }
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        entries: dict[str, Any] = {}
        for cloud in self._clouds.values():
            self._stack.enter_context(cloud)
            entries |= json.loads(cloud.clouds_yaml.read_text())["clouds"]
        clouds_yaml = self._path / "clouds.yaml"
        clouds_yaml.write_text(json.dumps({"clouds": entries}))
        self._daemon = Daemon(
            cloud=", ".join(SERVERS),
            clouds_yaml=clouds_yaml,
            program=self._program,
        )
        # Notifications have a bus of their own, which can be taken away.
        self._doorbells = f"local://{self._daemon.path}/doorbells.sock"
        connection = f"connection = {self._url}\n" if self._url else ""
        # All of it, as an older daemon refuses what it does not know.
        self._daemon.configuration.write_text(
            f"[DEFAULT]\nclouds = {', '.join(SERVERS)}\n"
            f"state_path = {self._daemon.path}/state\nruntime_path = {self._daemon.path}/run\n"
            f"log_file = {self._daemon.log}\nnotification_transport_url = {self._doorbells}\n"
            f"[ledger]\n{connection}[nova]\nmicroversion = {MICROVERSION}\n"
            "[sampling]\ninterval = 2\nchanges_interval = 1\nsettle = 0\n"
            "[relay]\nbookmark_interval = 5\n"
        )
        self._stack.push(self._daemon)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            print(self._daemon.told())
        self._stack.close()

    @property
    def url(self) -> str:
        return self._url or f"sqlite:///{self._daemon.path}/state/ledger.sqlite"

    def live(self) -> None:
        """All of it."""
        with self._bus() as broker:
            with self._recorded() as recorder:
                for cloud in SERVERS:
                    self._wait_exact(recorder, cloud)
                self._happen(recorder, "rename", "rename", "delete")
            self._daemon.stop()
            subprocess.run(
                [self._python, "-c", _COMPACT, self.url, self._daemon.path / "state"],
                check=True,
                cwd="/",
            )
            with self._recorded() as recorder:
                self._happen(recorder, "create", "metadata", "delete", "rename")
                self._trouble(recorder, "west")
                self._wait_published(recorder)
                # What a consumer begins with, and what it is told then.
                del recorder.lines[:]
                for cloud in SERVERS:
                    recorder.ask("get_all", type=TYPE, cloud=cloud, encoding="zlib")
                self._happen(recorder, "rename", "metadata")
                self._wait_published(recorder)
                for cloud in SERVERS:
                    self._hear_all(recorder, cloud)
                self.lines = list(recorder.lines)
                broker.kill()
                broker.wait()
                self._happen(recorder, "rename", "create", "delete")
                self._daemon.kill()
        self.marks = json.loads((self._daemon.path / "state" / "high-water.json").read_text())

    # --- its parts ------------------------------------------------------------

    @contextlib.contextmanager
    def _bus(self) -> Iterator[subprocess.Popen[str]]:
        broker = subprocess.Popen(
            [self._python, "-m", "synchronizer.bus.local", self._doorbells.partition("//")[2]],
            stdout=subprocess.PIPE,
            text=True,
            cwd="/",
        )
        assert broker.stdout is not None
        broker.stdout.readline()
        yield broker
        broker.kill()
        broker.communicate()

    @contextlib.contextmanager
    def _recorded(self) -> Iterator[Recorder]:
        self._daemon.start()
        self._wait_for_answers()
        recorder = Recorder(self._python, self._doorbells, self._daemon.transport_url, None)
        try:
            yield recorder
        finally:
            recorder.close()

    def _wait_for_answers(self) -> None:
        """Until there is a snapshot server; a call before that would be lost."""
        socket = self._daemon.path / "run" / "bus.sock"
        until("the bus", socket.exists, PATIENCE)
        until("a server", lambda: self._answers(socket), PATIENCE, told=self._daemon.told())

    def _answers(self, socket: pathlib.Path) -> bool:
        done = subprocess.run(
            [*self._program, "--transport-url", f"local://{socket}", "describe"],
            capture_output=True,
            check=False,
            cwd="/",
        )
        return done.returncode == 0

    def _happen(self, recorder: Recorder, *kinds: str) -> None:
        """To servers of `east`; each is a revision, as the next waits for it."""
        for kind in kinds:
            self._clouds["east"].control.mutate(kind)
            self._wait_exact(recorder, "east")

    def _wait_exact(self, recorder: Recorder, cloud: str) -> None:
        def exact() -> bool:
            stands = recorder.described().get(cloud, {}).get("listed_at")
            return bool(stands) and recorder.shown(cloud) == self._clouds[cloud].servers()

        until(f"an exact copy of {cloud}", exact, PATIENCE, told=self._daemon.told())

    def _wait_published(self, recorder: Recorder) -> None:
        def published() -> bool:
            return all(s["published"] == s["revision"] for s in recorder.described().values())

        until("all to be published", published, PATIENCE)

    def _trouble(self, recorder: Recorder, cloud: str) -> None:
        control = self._clouds[cloud].control
        control.add_fault(Fault(kind="lost-admin", variant="200-own-project", revoke=True))
        until("held deletes", lambda: recorder.described()[cloud]["held"], PATIENCE)
        control.add_fault(Fault(kind="error", status=503))
        until("failing", lambda: recorder.described()[cloud]["condition"], PATIENCE)

    def _hear_all(self, recorder: Recorder, cloud: str) -> None:
        """Until a bookmark of a cloud is of what is published."""
        revision = recorder.described()[cloud]["revision"]
        while True:
            payload = recorder.hear().get("payload", {})
            if payload.get("cloud") == cloud and payload.get("revision") == revision:
                return


def _made(path: pathlib.Path) -> pathlib.Path:
    path.mkdir()
    return path
