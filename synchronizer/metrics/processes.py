# SPDX-License-Identifier: Apache-2.0
"""The daemon's processes, as their signs of life and /proc tell of them."""

import os
import pathlib
from collections.abc import Iterable

from prometheus_client.core import Metric as Family

from synchronizer import __version__
from synchronizer.metrics import catalogue
from synchronizer.metrics.families import family
from synchronizer.vitals import Phase, Vital

_PAGE = os.sysconf("SC_PAGE_SIZE")


def families(
    processes: Iterable[Vital], proc: pathlib.Path = pathlib.Path("/proc")
) -> dict[str, Family]:
    """By the metric's name."""
    up: dict[tuple[str, ...], float] = {}
    starts: dict[tuple[str, ...], float] = {}
    phases: dict[tuple[str, ...], float] = {}
    memory: dict[tuple[str, ...], float] = {}
    files: dict[tuple[str, ...], float] = {}
    for process in processes:
        own = proc / str(process.pid)
        used = _memory(own) if process.phase is not Phase.ABSENT else None
        up[(process.name,)] = float(used is not None)
        if used is not None:
            memory[(process.name,)] = used
            if (opened := _opened(own)) is not None:
                files[(process.name,)] = opened
        starts[(process.name,)] = float(process.starts)
        for phase in Phase:
            phases[process.name, phase.name.lower()] = float(phase == process.phase)
    build: dict[tuple[str, ...], float] = {(__version__,): 1.0}
    shown = (
        (catalogue.PROCESS_UP, up),
        (catalogue.PROCESS_STARTS, starts),
        (catalogue.PROCESS_PHASE, phases),
        (catalogue.PROCESS_MEMORY, memory),
        (catalogue.PROCESS_FILES, files),
        (catalogue.BUILD, build),
    )
    return {metric.name: family(metric, values) for metric, values in shown}


def _memory(own: pathlib.Path) -> float | None:
    """Bytes of memory; None if the process is no more."""
    try:
        pages = int((own / "statm").read_text().split()[1])
    except OSError:
        return None
    return float(pages * _PAGE) if pages else None  # none: of its end, a trace


def _opened(own: pathlib.Path) -> float | None:
    """Open files; None if that cannot be told."""
    try:
        return float(sum(1 for _ in (own / "fd").iterdir()))
    except OSError:
        return None
