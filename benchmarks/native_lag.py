# SPDX-License-Identifier: Apache-2.0
"""From the answer of a request that changes a real cloud to a consumer, by the services' own
notifications alone, and what that costs the services.

`python -m benchmarks.native_lag --root DIRECTORY`, with a cloud of `python -m tests.cloud`
that runs there. The daemon lists each type once; there is no changes-since, and no second
listing while it is measured. Entities of each kind are made, renamed (or updated) and deleted,
several kinds at once. A delete counts from its answer to the first change that shows it, which
is often that it has begun. Requests are those that the daemon sent from the first change to
the last; one of ours often is several to it, as a server that is built changes several times.
"""

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.native import TYPES, Consumer, Sample, run
from synchronizer.client import Client
from synchronizer.demo.measure import percentile
from tests.cloud.cloud import Cloud
from tests.support.daemon import Daemon

CLOUD = "cloud"
PLUGINS = ("nova", "cinder", "heat", "neutron", "glance", "keystone")

#: Seconds after which the daemon has told of all that it did.
SETTLED = 8.0

OPTIONS = """
[sampling]
interval = 7200
changes_interval = 0

[ledger]
retention = 604800

[cloud:{cloud}]
plugins = {plugins}
notification_transport_url = rabbit://{bus}
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """Of one type. Lags in milliseconds; `missing`: changes that did not come in a minute;
    `revisions`: what became of them; `requests`: that the daemon sent for them."""

    type: str
    changes: int
    missing: int
    p50: float | None
    p90: float | None
    most: float | None
    revisions: int
    requests: int


@dataclasses.dataclass(frozen=True, slots=True)
class Spent:
    """What the daemon tells of one type."""

    revision: int
    requests: int


def measure(cloud: Cloud, kinds: Sequence[str], times: int) -> list[Result]:
    """Starts a daemon and a consumer, changes the cloud, and compares."""
    types = [TYPES[kind] for kind in kinds]
    services = {type_.partition(".")[0] for type_ in types}
    options = OPTIONS.format(
        cloud=CLOUD,
        plugins=", ".join(name for name in PLUGINS if name in services),
        bus=cloud.settings.transport_url,
    )
    daemon = Daemon(cloud=CLOUD, clouds_yaml=cloud.settings.clouds_yaml, options=options)
    with daemon:
        consumer = Consumer(daemon.transport_url, CLOUD, types)
        try:
            consumer.wait_synced(300)
            before = spent(daemon.transport_url)
            samples = run(cloud, consumer, kinds, times)
            after = spent(daemon.transport_url)
        finally:
            consumer.close()
    return [result(type_, samples, before[type_], after[type_]) for type_ in types]


def spent(url: str) -> dict[str, Spent]:
    """By type, what was told most lately: the daemon writes it down now and then."""
    time.sleep(SETTLED)
    with Client(url, cloud=CLOUD) as client:
        return {
            stream.type: Spent(stream.revision, stream.activity.calls)
            for stream in client.describe()
            if stream.activity is not None
        }


def result(type_: str, samples: list[Sample], before: Spent, after: Spent) -> Result:
    found = [sample for sample in samples if sample.done.type == type_]
    lags = [sample.lag for sample in found if sample.lag is not None]
    return Result(
        type_,
        len(found),
        len(found) - len(lags),
        percentile(lags, 0.5),
        percentile(lags, 0.9),
        max(lags, default=None),
        after.revision - before.revision,
        after.requests - before.requests,
    )


def table(results: list[Result]) -> str:
    heads = ("changes", "missing", "p50, ms", "p90, ms", "most, ms", "revisions", "requests")
    lines = [f"{'type':<18}" + "".join(f"{head:>11}" for head in heads)]
    lines += [
        f"{r.type:<18}{r.changes:>11}{r.missing:>11}"
        + "".join(f"{lag or 0:>11.0f}" for lag in (r.p50, r.p90, r.most))
        + f"{r.revisions:>11}{r.requests:>11}"
        for r in results
    ]
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.native_lag", description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="of a cloud that runs")
    parser.add_argument("--kinds", nargs="+", default=list(TYPES), choices=list(TYPES))
    parser.add_argument("--times", type=int, default=20, help="entities of each kind")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args(argv)
    results = measure(Cloud.at(options.root), options.kinds, options.times)
    if options.json:
        print(json.dumps([dataclasses.asdict(result) for result in results]))
    else:
        print(table(results))
    return 1 if any(result.missing for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
