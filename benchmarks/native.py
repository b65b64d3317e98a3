# SPDX-License-Identifier: Apache-2.0
"""Changes in a real cloud, one after the other, and when a consumer has each."""

import collections
import dataclasses
import json
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from synchronizer import errors
from synchronizer.client import Added, Client, Deleted, Synced, Updated
from synchronizer.model import Entity as State
from tests.cloud.cloud import Cloud
from tests.cloud.load.entity import Entity
from tests.cloud.load.kinds import Server, Stack
from tests.cloud.load.world import World, guarded

#: The kinds of the load, and how they are called here.
TYPES = {
    "server": "nova.server",
    "volume": "cinder.volume",
    "stack": "heat.stack",
    "network": "neutron.network",
    "port": "neutron.port",
    "image": "glance.image",
    "project": "keystone.project",
}

#: What is done to an entity between its creation and its deletion.
BETWEEN = {"stack": ("update",)}

_TEMPLATE = """
heat_template_version: wallaby
parameters:
  length: {type: number}
resources:
  password: {type: OS::Heat::RandomString, properties: {length: {get_param: length}}}
"""

#: Seconds in which a change has to arrive.
PATIENCE = 60.0


class Tenant(Entity):
    """A project, which no load makes otherwise."""

    kind, service, path = "project", "identity", "/projects"
    needs = frozenset({"keystone"})

    def state(self, shown: dict[str, Any]) -> str | None:
        return "active"

    def rename(self) -> str | None:
        want = {"name": self.new_name()}
        return self.do("rename", "PATCH", self.url(), self.body(**want), want)


class SmallServer(Server):
    """One without a port, which takes its time."""

    def new(self) -> dict[str, Any]:
        return super().new() | {"networks": "none"}


class SmallStack(Stack):
    """One without servers and volumes."""

    def _fields(self, parameters: dict[str, Any]) -> dict[str, Any]:
        return {"parameters": parameters, "template": _TEMPLATE}


@dataclasses.dataclass(frozen=True, slots=True)
class Came:
    """A change as the consumer got it; `entity`: None for a delete. Microseconds."""

    at: int
    created: bool
    entity: State | None


@dataclasses.dataclass(frozen=True, slots=True)
class Done:
    """A request that changed something: when it was sent and answered (microseconds)."""

    type: str
    id: str
    op: str
    sent: int
    answered: int
    want: dict[str, Any]

    def shows_in(self, came: Came) -> bool:
        """Whether that change shows what was done; a delete also if it only has begun."""
        if came.at < self.sent:
            return False
        if self.op == "create":
            return came.created
        if self.op == "delete":
            return came.entity is None or "delet" in json.dumps(came.entity).lower()
        if came.entity is None:
            return False
        return "name" not in self.want or came.entity["name"] == self.want["name"]


class Consumer:
    """Notes when it gets what, once it holds all there is."""

    def __init__(self, url: str, cloud: str, types: Sequence[str]) -> None:
        self._client = Client(url, cloud=cloud)
        self._types = types
        self._came: dict[tuple[str, str], list[Came]] = collections.defaultdict(list)
        self._changed = threading.Condition()
        self._synced: set[str] = set()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def wait_synced(self, seconds: float) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: self._synced >= set(self._types), seconds):
                missing = sorted(set(self._types) - self._synced)
                raise errors.ServiceUnavailable(f"no copy of {', '.join(missing)} yet")

    def wait_for(self, done: Done) -> int | None:
        """When the change came (microseconds); None if it does not."""
        with self._changed:
            self._changed.wait_for(lambda: self._when(done) is not None, PATIENCE)
            return self._when(done)

    def close(self) -> None:
        self._client.close()
        self._thread.join(PATIENCE)

    def _when(self, done: Done) -> int | None:
        came = self._came[done.type, done.id]
        return next((change.at for change in came if done.shows_in(change)), None)

    def _watch(self) -> None:
        for event in self._client.watch(self._types, patient=True):
            at = time.time_ns() // 1000
            with self._changed:
                match event:
                    case Synced():
                        self._synced.add(event.type)
                    case Added():
                        self._came[event.type, event.id].append(Came(at, True, event.entity))
                    case Updated():
                        self._came[event.type, event.id].append(Came(at, False, event.new))
                    case Deleted():
                        self._came[event.type, event.id].append(Came(at, False, None))
                self._changed.notify_all()


@dataclasses.dataclass(frozen=True, slots=True)
class Sample:
    """A change, and when the consumer had it; None: not within a minute."""

    done: Done
    came: int | None

    @property
    def lag(self) -> float | None:
        """Milliseconds from the request's answer; one that came before it came at once."""
        return None if self.came is None else max(0.0, (self.came - self.done.answered) / 1000)


class Log:
    """Takes what the load writes down; each change has to arrive before the next is made."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer
        self.samples: list[Sample] = []

    def write(self, **line: Any) -> None:
        if line.get("ok"):
            done = Done(
                TYPES[line["type"]],
                line["id"],
                line["op"],
                line["sent"],
                line["answered"],
                line["want"] or {},
            )
            self.samples.append(Sample(done, self._consumer.wait_for(done)))


def run(cloud: Cloud, consumer: Consumer, kinds: Iterable[str], times: int) -> list[Sample]:
    """So many lives of each kind, one kind beside the other: made, renamed or updated, deleted."""
    with tempfile.TemporaryDirectory() as directory:
        world = World(cloud, Path(directory) / "truth.jsonl", None)
    world.kinds |= {kind.kind: kind for kind in (Tenant, SmallServer, SmallStack)}
    log: Any = Log(consumer)
    world.truth = log

    def live(kind: str) -> None:
        # A service may refuse something: then there is another one.
        for _ in range(2 * times):
            if sum(sample.done.type == TYPES[kind] for sample in log.samples) >= 3 * times:
                return
            entity = world.entity(kind, world.admin)
            for operation in ("create", *BETWEEN.get(kind, ("rename",)), "delete"):
                guarded(getattr(entity, operation))

    threads = [threading.Thread(target=live, args=(kind,)) for kind in kinds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return list(log.samples)
