# SPDX-License-Identifier: Apache-2.0
"""What of a cloud runs, and how much memory it takes."""

import os
from collections.abc import Iterator
from pathlib import Path

from tests.cloud.catalogue import SERVICES
from tests.cloud.cloud import Cloud


def status(cloud: Cloud) -> Iterator[str]:
    """Yield a line for each process, and one for their sum.

    Memory is the proportional set size: pages shared with a parent or a sibling count once.
    """
    memory, total = _memory_by_session(), 0
    addresses = {
        service.api: f"  http://127.0.0.1:{cloud.settings.ports[service.name]}"
        for service in SERVICES.values()
    }
    for name in cloud.processes.names():
        pid = cloud.processes.pid(name)
        size = memory.get(pid, 0) if pid else 0
        total += size
        yield f"{name:26} {pid or 'dead':>8} {size:6} MiB{addresses.get(name, '')}"
    yield f"{'':35} {total:6} MiB"


def _memory_by_session() -> dict[int, int]:
    """Return MiB by session: each process of a cloud leads a session of its own."""
    found: dict[int, int] = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            text = (process / "smaps_rollup").read_text()
            session = os.getsid(int(process.name))
        except OSError:
            continue  # ended meanwhile, or another user's
        if "Pss:" in text:
            found[session] = found.get(session, 0) + int(text.split("Pss:")[1].split()[0])
    return {session: size // 1024 for session, size in found.items()}
