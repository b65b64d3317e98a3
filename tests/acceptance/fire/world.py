# SPDX-License-Identifier: Apache-2.0
"""One world: a directory, its processes, and what can be seen of it from outside."""

import dataclasses
import pathlib
import shutil
import tempfile
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

import msgspec
import sqlalchemy

from synchronizer import errors
from synchronizer.ledger import Condition, Ledger, StreamState
from synchronizer.ledger.dialects import dialect_of
from synchronizer.model import StreamKey
from synchronizer.simulator import Control, write_clouds
from tests.acceptance.fire import defects
from tests.acceptance.fire.cards import PAGES
from tests.acceptance.fire.failure import CannotGoOn
from tests.acceptance.fire.lines import Dump
from tests.acceptance.fire.points import Points
from tests.acceptance.fire.processes import Processes
from tests.acceptance.fire.servers import Servers
from tests.acceptance.fire.truth import Truth

_T = TypeVar("_T")

STREAM = StreamKey("fire", "nova.server")
#: Seconds for a world to begin.
BEGINNING = 180.0
#: Seconds for the ledger's database to answer.
ANSWERING = 60.0

SHARES = {
    "rename": 15,
    "metadata": 20,
    "stop": 8,
    "start": 8,
    "address": 10,
    "lock": 5,
    "unlock": 5,
    "create": 14,
    "delete": 12,
}

CONFIGURATION = """\
[DEFAULT]
clouds = {cloud}
state_path = {path}/state
runtime_path = {path}/run
log_file = {path}/synchronizer.log
graceful_shutdown_timeout = 10
transport_url = {transport_url}

[ledger]
connection = {database_url}
verify_interval = 60
compact_interval = 60

[relay]
bookmark_interval = 0.5

[monitor]
listen =

[sampling]
interval = {interval}
changes_interval = {changes_interval}
settle = 2
confirm_rate = 500

[cloud:{cloud}:nova]
os_cloud = {cloud}
types = nova.server
max_in_flight = 20
requests_per_minute = 0
timeout = 2
"""


@dataclasses.dataclass(frozen=True)
class Settings:
    """`changes_interval` 0: no changes-since queries. Empty URLs: embedded bus, SQLite."""

    servers: int = 5000
    interval: float = 2.0
    changes_interval: float = 0.3
    seed: int = 1
    defect: str | None = None
    transport_url: str = ""
    database_url: str = ""


def empty(database_url: str) -> None:
    """Drops all tables."""
    engine = dialect_of(sqlalchemy.make_url(database_url)).engine()
    metadata = sqlalchemy.MetaData()
    metadata.reflect(engine)
    metadata.drop_all(engine)
    engine.dispose()


class World:
    """Everything runs when it is made. On exit the processes end; the directory stays if
    anything failed in it. `servers`: those whose URLs the settings name, to be broken."""

    def __init__(self, settings: Settings, servers: Servers | None = None) -> None:
        self.settings = settings
        self.servers = servers
        # Short, for the socket's sake.
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="fire-"))
        (self.path / "state").mkdir(mode=0o700)
        self.transport_url = settings.transport_url or f"local://{self.path}/run/bus.sock"
        if settings.database_url:
            empty(settings.database_url)
        self._database_url = settings.database_url or f"sqlite:///{self.path}/state/ledger.sqlite"
        config = self.path / "synchronizer.conf"
        config.write_text(
            CONFIGURATION.format(
                cloud=STREAM.cloud,
                path=self.path,
                transport_url=self.transport_url,
                database_url=self._database_url,
                interval=settings.interval,
                changes_interval=settings.changes_interval,
            )
        )
        common = ["--world", str(self.path), "--transport-url", self.transport_url]
        daemon = ["-m", "tests.acceptance.fire.launch", "--config", str(config), *common]
        consumer = ["-m", "tests.acceptance.fire.consumer", *common]
        consumer += ["--cloud", STREAM.cloud, "--type", STREAM.type]
        if settings.defect in defects.OF_DAEMON:
            daemon += ["--defect", settings.defect]
        elif settings.defect is not None:
            consumer += ["--defect", settings.defect]
        commands = {"daemon": daemon, "consumer": consumer}
        if servers is not None:
            stock = ["-m", "tests.acceptance.fire.stock", *common]
            commands["stock"] = [*stock, "--cloud", STREAM.cloud, "--type", STREAM.type]
        #: By our client; on RabbitMQ also one that has only oslo.messaging.
        self.consumers = tuple(name for name in commands if name != "daemon")
        self.processes = Processes(self.path, commands)
        self.points = Points(self.path)
        self._ledger: Ledger | None = None
        self._stream: int | None = None
        try:
            self._begin()
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise

    def _begin(self) -> None:
        log = self.path / "truth.jsonl"
        settings = self.settings
        ready = self.processes.start_simulator(
            [
                *("--servers", str(settings.servers), "--seed", str(settings.seed)),
                *("--page-limit", str(settings.servers // PAGES), "--log", str(log)),
            ]
        )
        write_clouds(self.path / "clouds.yaml", STREAM.cloud, ready["auth_url"])
        self.control = Control(ready["control_url"])
        self.truth = Truth(log)
        self.processes.start("daemon")
        for name in self.consumers:
            self.processes.start(name)
        deadline = time.monotonic() + BEGINNING
        while not self.has_begun():
            self.pause(0.2)
            if time.monotonic() > deadline:
                raise CannotGoOn(
                    f"no first copy within {BEGINNING:.0f} s\n{self.processes.tail('daemon')}"
                )

    def has_begun(self) -> bool:
        """Whether everything was listed, and the consumer has it."""
        if not (self.path / "pids" / "worker").exists():
            return False
        if self._stream is None:
            found = self.ask(lambda ledger: ledger.find(STREAM))
            if found is None:
                return False
            self._stream = found.id
        if self.state().listed_at is None:
            return False
        return all(
            dump is not None and dump.synced and dump.entities.keys() == self.truth.live.keys()
            for dump in map(self.dump, self.consumers)
        )

    def ask(self, question: Callable[[Ledger], _T]) -> _T:
        """The ledger's answer; asked again while its database cannot be reached."""
        deadline = time.monotonic() + ANSWERING
        while True:
            try:
                if self._ledger is None:
                    self._ledger = Ledger.open(self._database_url, state_path=self.path / "state")
                return question(self._ledger)
            except errors.LedgerUnavailable as error:
                if time.monotonic() > deadline:
                    raise CannotGoOn(f"the ledger cannot be read: {error}") from error
            self.pause(0.1)

    @property
    def stream(self) -> int:
        """The stream's number in the ledger."""
        assert self._stream is not None
        return self._stream

    def state(self) -> StreamState:
        return self.ask(lambda ledger: ledger.state(self.stream))

    def held(self) -> int:
        """How many deletes are held."""
        return self.ask(lambda ledger: ledger.held_count(self.stream))

    def condition(self) -> Condition | None:
        """What is wrong with the source, as the ledger has it."""
        return self.ask(lambda ledger: ledger.condition(self.stream))

    def dump(self, consumer: str = "consumer", patience: float = 5.0) -> Dump | None:
        """The consumer's copy now; None if it died meanwhile."""
        path = self.processes.ask_for_dump(consumer)
        deadline = time.monotonic() + patience
        while not path.exists():
            self.pause(0.02)
            if time.monotonic() > deadline:
                return None
        dump = msgspec.json.decode(path.read_bytes(), type=Dump)
        path.unlink()
        return dump

    def pause(self, seconds: float) -> None:
        """Sleeps in small steps, and starts again what was killed on purpose."""
        end = time.monotonic() + seconds
        while True:
            self.processes.tend()
            left = end - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, 0.05))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._ledger is not None:
            self._ledger.close()
        self.processes.close()
        # Who was interrupted wants no rest of it.
        if not isinstance(error, Exception):
            shutil.rmtree(self.path, ignore_errors=True)
