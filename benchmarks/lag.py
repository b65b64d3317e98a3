# SPDX-License-Identifier: Apache-2.0
"""From a change in a large cloud to its consumer, on the engines that operators run.

`python -m benchmarks.lag`. A private RabbitMQ carries the notifications and a private
PostgreSQL, durable as a user's, holds the ledger. A simulated cloud of 100,000 servers
changes 100 times a second for five minutes; only changes that move `updated` are made, as
no other is found before a complete listing. In the end the outbox has to be empty, and the
consumer to hold the last state of every server.
"""

import argparse
import dataclasses
import json
import sys
import time

from benchmarks.latency import CHANGES_INTERVAL, Result, Side
from benchmarks.process import Process, family_cpu
from benchmarks.rig import CLOUD, Rig
from synchronizer import errors
from tests.engines.postgresql import PostgresServer
from tests.engines.rabbit import RabbitBroker, RabbitNode

#: Longer than the run: what is measured is the way of changes, beside no listing.
_INTERVAL = 3600
_PARTS = {"worker": f"worker {CLOUD}/nova", "relay": "relay", "snapshot server": "snapshot"}
#: Seconds for the last changes to be published.
_DRAIN = 30


def run(servers: int, rate: float, seconds: float) -> tuple[Result, dict[str, float], int]:
    """The lags, the CPU seconds of each process, and what was left in the outbox."""
    node, server = RabbitNode(), PostgresServer(durable=True)
    try:
        with Rig(RabbitBroker(node).url, server.create_database()) as rig:
            side = Side(rig, servers, _INTERVAL)
            side.prepare()
            processes = {name: rig.part(title) for name, title in _PARTS.items()}
            processes["consumer"] = Process(rig.pid("consumer"))
            servers_of = {"PostgreSQL": server.pid, "RabbitMQ": node.pid}

            def spent() -> dict[str, float]:
                ours = {name: process.usage().cpu for name, process in processes.items()}
                return ours | {name: family_cpu(pid) for name, pid in servers_of.items()}

            before = spent()
            side.churn(rate)
            time.sleep(seconds)
            side.churn(0)
            result = side.result()
            cpu = {name: seconds - before[name] for name, seconds in spent().items()}
            return result, cpu, _left(rig)
    finally:
        node.close()
        server.close()


def _left(rig: Rig) -> int:
    """Revisions that are not published, after a while to do so."""
    end = time.monotonic() + _DRAIN
    while True:
        stream = rig.stream()
        if stream is None:
            raise errors.ServiceUnavailable("the stream is gone")
        left = stream.revision - stream.published
        if not left or time.monotonic() > end:
            return left
        time.sleep(0.1)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lag", description=__doc__)
    parser.add_argument("--servers", type=int, default=100_000)
    parser.add_argument("--rate", type=float, default=100, help="changes a second")
    parser.add_argument("--seconds", type=float, default=300, help="for which they change")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--check", action="store_true", help="exit with 1 if the outbox is not empty in the end"
    )
    options = parser.parse_args(argv)
    result, cpu, left = run(options.servers, options.rate, options.seconds)
    if options.json:
        print(json.dumps({**dataclasses.asdict(result), "cpu": cpu, "outbox": left}))
    else:
        print(
            f"{result.mutations} changes, asked for each {CHANGES_INTERVAL:g} s; {result.replaced} "
            f"replaced by newer ones before they were seen; p50 {result.p50:.0f} ms, p99 "
            f"{result.p99:.0f} ms; left in the outbox: {left}"
        )
        for name, spent in cpu.items():
            print(f"{name:16}{spent:8.1f} s of CPU{100 * spent / options.seconds:8.1f} % of a core")
    return 1 if options.check and left else 0


if __name__ == "__main__":
    sys.exit(main())
