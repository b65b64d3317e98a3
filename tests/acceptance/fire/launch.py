# SPDX-License-Identifier: Apache-2.0
"""Starts the real daemon with kill points, pid files and, if asked, a defect put in.

Everything is wrapped around methods of the real classes before the daemon forks.
"""

import argparse
import dataclasses
import functools
import os
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

from synchronizer.conf import Settings
from synchronizer.daemon import ondemand, worker
from synchronizer.daemon.main import main as daemon
from synchronizer.daemon.service import Part, PartService
from synchronizer.daemon.typesettings import sampling_of
from synchronizer.ledger import Ledger, StreamState, Write
from synchronizer.ledger.commit import Commit
from synchronizer.publishing.batch import Batch
from synchronizer.publishing.relay import Relay
from synchronizer.sampling import TypeSettings
from synchronizer_plugins.nova.plugin import NovaPlugin
from tests.acceptance.fire import defects
from tests.acceptance.fire.points import Points
from tests.acceptance.fire.processes import end_with_parent


def keep_pids(path: pathlib.Path) -> None:
    """Each part writes its pid when it is made, under the first word of its name."""

    def wrap(cls: type[PartService]) -> None:
        make = cls.make

        @functools.wraps(make)
        def made(self: PartService) -> Part:
            file = path / self.name.split()[0]
            fresh = file.with_suffix(f".{os.getpid()}")
            fresh.write_text(str(os.getpid()))
            fresh.rename(file)
            return make(self)

        cls.make = made  # type: ignore[method-assign]

    for cls in PartService.__subclasses__():
        wrap(cls)


def hurry() -> None:
    """Short pauses after failures, and a short overlap: rounds last seconds."""

    def hurried(settings: Settings, cloud: str, type_: str) -> TypeSettings:
        usual = sampling_of(settings, cloud, type_)
        return dataclasses.replace(usual, early_gap=0.5, backoff_first=0.2, backoff_most=2.0)

    for module in (worker, ondemand):
        setattr(module, "sampling_of", hurried)  # noqa: B010 (it is imported, not exported)
    NovaPlugin.changes_overlap = 5.0


def put_points(points: Points) -> None:
    """Kill points around commit, publish and mark."""
    commit, run = Ledger.commit, Commit.run
    publish, mark = Relay.publish_batch, Relay.mark_batch

    def committing(
        self: Ledger, state: StreamState, writes: Sequence[Write], *, listed_at: int | None = None
    ) -> StreamState:
        if writes:
            points.reach("commit.before")
        done = commit(self, state, writes, listed_at=listed_at)
        if writes:
            points.reach("commit.after")
        return done

    def running(self: Commit, connection: Any) -> StreamState:
        done = run(self, connection)
        if self._writes:
            points.reach("commit.within")
        return done

    def publishing(self: Relay, batch: Batch) -> None:
        points.reach("publish.before")
        publish(self, batch)
        points.reach("publish.after")

    def marking(self: Relay, batch: Batch) -> bool:
        points.reach("mark.before")
        done = mark(self, batch)
        points.reach("mark.after")
        return done

    replaced: list[tuple[type, str, Callable[..., Any]]] = [
        (Ledger, "commit", committing),
        (Commit, "run", running),
        (Relay, "publish_batch", publishing),
        (Relay, "mark_batch", marking),
    ]
    for cls, name, function in replaced:
        setattr(cls, name, function)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--world", type=pathlib.Path, required=True)
    parser.add_argument("--config", required=True)
    parser.add_argument("--transport-url", required=True)
    parser.add_argument("--defect", choices=sorted(defects.OF_DAEMON))
    options = parser.parse_args()
    end_with_parent()
    hurry()
    if options.defect:
        # Before the points, so that those lie around what the defect does.
        defects.OF_DAEMON[options.defect](options.transport_url)
    put_points(Points(options.world))
    keep_pids(options.world / "pids")
    return daemon([options.config])


if __name__ == "__main__":
    raise SystemExit(main())
