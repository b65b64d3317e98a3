# SPDX-License-Identifier: Apache-2.0
"""Keeps changing a cloud at random."""

import collections
import concurrent.futures
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from tests.cloud.cloud import Cloud
from tests.cloud.load.entity import Entity
from tests.cloud.load.listing import listing, name_of, project_of
from tests.cloud.load.world import World, guarded

WEIGHTS = {
    "server": 5,
    "volume": 5,
    "stack": 2,
    "port": 2,
    "network": 1,
    "subnet": 1,
    "router": 1,
    "floating_ip": 1,
    "security_group": 1,
    "security_group_rule": 1,
    "image": 1,
    "user": 1,
    "project": 1,
    "domain": 1,
    "region": 1,
    "role_assignment": 1,
}
# Kinds that belong to no project.
HOMELESS = frozenset({"user", "project", "domain", "region"})
# How often an operation is a create or a delete.
TURNOVER = 0.4


def churn(
    cloud: Cloud,
    seconds: float,
    path: Path,
    workers: int = 4,
    seed: int | None = None,
    pause: float = 0.2,
    kinds: Iterable[str] | None = None,
) -> collections.Counter[str]:
    """Change entities for so long, each by one worker at a time.

    The same ``seed`` draws the same numbers; which worker gets which is a matter of
    timing.  Appends the truth to ``path`` and returns how many of each operation there were.
    """
    world = World(cloud, path, seed)
    pool = _Pool(world, set(world.kinds) & set(kinds or world.kinds))
    deadline = time.monotonic() + seconds

    def work() -> None:
        while time.monotonic() < deadline:
            entity, operation = pool.take()
            pool.give_back(entity, guarded(getattr(entity, operation)))
            time.sleep(world.chance.uniform(0, 2 * pause))

    with concurrent.futures.ThreadPoolExecutor(workers) as executor:
        for job in [executor.submit(work) for _ in range(workers)]:
            job.result()
    world.finish()
    return world.truth.counts


class _Pool:
    """The entities that no worker holds."""

    def __init__(self, world: World, kinds: set[str]) -> None:
        self._world, self._lock = world, threading.Lock()
        self._idle = {kind: list(_present(world, kind)) for kind in sorted(kinds)}
        self._size = {kind: max(4, len(found)) for kind, found in self._idle.items()}

    def take(self) -> tuple[Entity, str]:
        """Draw an entity and what to do to it, so that there stay about as many as at first."""
        chance = self._world.chance
        with self._lock:
            kinds = list(self._idle)
            kind = chance.choices(kinds, [WEIGHTS[kind] for kind in kinds])[0]
            idle = self._idle[kind]
            operation = chance.choice(self._world.kinds[kind].operations)
            if chance.random() < TURNOVER:
                operation = "create" if len(idle) <= self._size[kind] else "delete"
            if operation == "create" or not idle:
                return self._world.entity(kind), "create"
            return idle.pop(chance.randrange(len(idle))), operation

    def give_back(self, entity: Entity, status: str | None) -> None:
        """Take back an entity, unless it is gone or was never made."""
        if entity.id and status != "gone":
            with self._lock:
                self._idle[entity.kind].append(entity)


def _present(world: World, kind: str) -> Iterable[Entity]:
    """Yield what an earlier load made; what provisioning made has other names."""
    projects = {project.id: project for project in world.projects}
    for found in listing(world.admin, kind):
        name = name_of(found) or ""
        project = projects.get(project_of(found) or "")
        if kind in HOMELESS:
            project = world.admin
        if project is None or not name.startswith(f"{kind}-") or found.get("device_owner"):
            continue
        entity = world.entity(kind, project)
        entity.id, entity.name = found["id"], name
        yield entity
