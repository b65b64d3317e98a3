# SPDX-License-Identifier: Apache-2.0
"""A daemon that samples one simulated cloud under several names, and the pages that it shows."""

import json
import pathlib
import urllib.error
import urllib.request
from types import TracebackType
from typing import Any, Self

from prometheus_client.parser import text_string_to_metric_families as parsed

from synchronizer.metrics.catalogue import METRICS
from tests.engines.processes import free_port
from tests.support.daemon import Daemon
from tests.support.simulated import CLOUD, MICROVERSION, TYPE, SimulatedCloud
from tests.support.waiting import until

NAMES = ("one", "two", "three", "four")
WORKERS = tuple(f"worker {name}/nova" for name in NAMES)
PROCESSES = {"master", "monitor", "broker", "relay", "snapshot 0", *WORKERS}
#: Seconds, on a machine that may be busy.
PATIENCE = 120.0

#: A name, and its labels in alphabetical order.
Series = tuple[str, tuple[tuple[str, str], ...]]
Page = dict[Series, float]

#: What never falls, and never goes.
COUNTED = {s for m in METRICS.values() if m.kind != "gauge" for s in m.series}


def of(page: Page, name: str, **labels: str) -> float:
    """The sum of the series of this name with these labels, and any others."""
    wanted = set(labels.items())
    found = [v for (n, had), v in page.items() if n == f"synchronizer_{name}" and wanted <= {*had}]
    assert found, f"{name} {labels} is not shown"
    return sum(found)


class Watched:
    """Every page that is read is compared with the one before it."""

    def __init__(self, path: pathlib.Path) -> None:
        self.cloud = SimulatedCloud(path, servers=60)
        self._url = f"http://127.0.0.1:{free_port()}"
        sections = "".join(f"[cloud:{name}]\nos_cloud = {CLOUD}\n" for name in NAMES)
        self.daemon = Daemon(
            cloud=", ".join(NAMES),
            clouds_yaml=self.cloud.clouds_yaml,
            options=(
                f"{sections}[nova]\nmicroversion = {MICROVERSION}\ntypes = {TYPE}\n"
                "requests_per_minute = 0\n[sampling]\ninterval = 3\nchanges_interval = 0.5\n"
                f"[monitor]\nlisten = {self._url.removeprefix('http://')}\n"
            ),
        )
        self._last: Page = {}

    def text(self) -> str:
        """The page as Prometheus reads it."""
        return self._read("/metrics").decode()

    def page(self) -> Page:
        """The page as it is now. Nothing that was counted before is less, or gone."""
        page: Page = {
            (one.name, tuple(sorted(one.labels.items()))): one.value
            for family in parsed(self.text())
            for one in family.samples
        }
        for series, value in self._last.items():
            if series[0] in COUNTED:
                assert series in page, f"{series} is gone"
                assert page[series] >= value, f"{series} fell from {value} to {page[series]}"
        self._last = page
        return page

    def processes(self) -> dict[str, dict[str, Any]]:
        """What /healthz says of each."""
        told = json.loads(self._read("/healthz"))
        return {one["name"]: one for one in told["processes"]}

    def until_page(self, what: str, **wanted: float) -> Page:
        """The first page on which the sum of each is at least so much."""
        found: list[Page] = []

        def enough() -> bool:
            page = self.page()
            found[:] = [page]
            names = {name for name, _ in page}
            return all(
                f"synchronizer_{name}" in names and of(page, name) >= least
                for name, least in wanted.items()
            )

        until(what, enough, PATIENCE, told=self.daemon.told())
        return found[0]

    def _read(self, path: str) -> bytes:
        """Also while the monitor is being started again."""
        answers: list[bytes] = []

        def ask() -> bool:
            try:
                with urllib.request.urlopen(self._url + path, timeout=PATIENCE) as answer:  # noqa: S310
                    answers.append(answer.read())
            except urllib.error.HTTPError as unwell:
                with unwell:
                    answers.append(unwell.read())
            except OSError:
                return False
            return True

        until(f"an answer from {path}", ask, PATIENCE, told=self.daemon.told())
        return answers[0]

    def __enter__(self) -> Self:
        self.cloud.__enter__()
        self.daemon.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.daemon.__exit__(kind, error, trace)
        finally:
            self.cloud.__exit__(kind, error, trace)
