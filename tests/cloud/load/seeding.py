# SPDX-License-Identifier: Apache-2.0
"""Fills a cloud."""

import collections
import concurrent.futures
from collections.abc import Iterable
from pathlib import Path

from tests.cloud.cloud import Cloud
from tests.cloud.load.world import World, guarded


def seed(
    cloud: Cloud,
    amount: int,
    path: Path,
    workers: int = 8,
    seed: int | None = None,
    kinds: Iterable[str] | None = None,
) -> collections.Counter[str]:
    """Make ``amount`` servers and volumes and a tenth as many of the other kinds.

    ``kinds`` restricts it to these (server, volume, stack, ...).  Appends the truth to
    ``path`` and returns how many of each operation there were.
    """
    world = World(cloud, path, seed)
    wanted = set(world.kinds) & set(kinds or world.kinds)
    plan = [
        kind
        for kind in sorted(wanted)
        for _ in range(amount if kind in ("server", "volume") else max(1, amount // 10))
    ]
    world.chance.shuffle(plan)
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        jobs = [pool.submit(guarded, world.entity(kind).create) for kind in plan]
        for job in jobs:
            job.result()
    world.finish()
    return world.truth.counts
