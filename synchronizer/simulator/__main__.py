# SPDX-License-Identifier: Apache-2.0
"""`python -m synchronizer.simulator`: runs a simulated cloud until it is told to end.

Prints one line of JSON when it is ready: `auth_url`, `compute_url`, `control_url`, `pid`.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from synchronizer.simulator.churn import DEFAULT_SHARES
from synchronizer.simulator.simulator import Simulator

_LOOK_FOR_PARENT = 0.5


def _shares(text: str) -> dict[str, float]:
    shares = dict(DEFAULT_SHARES)
    for part in text.split(","):
        kind, equals, weight = part.partition("=")
        if not equals:
            raise argparse.ArgumentTypeError(f"{part!r} is not of the form kind=weight")
        shares[kind.strip()] = float(weight)
    return shares


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m synchronizer.simulator", description="Run a simulated cloud."
    )
    parser.add_argument("--servers", type=int, default=100, help="how many there are at first")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--page-limit", type=int, default=1000, help="most servers on a page")
    parser.add_argument("--token-life", type=float, default=3600.0, help="seconds")
    parser.add_argument("--churn", type=float, default=0.0, help="mutations a second")
    parser.add_argument(
        "--shares",
        type=_shares,
        default=dict(DEFAULT_SHARES),
        help="weights of the kinds of churn that differ from the usual, as rename=5,delete=0",
    )
    parser.add_argument("--log", type=Path, help="file for the ground truth (JSON lines)")
    parser.add_argument("--request-log", type=Path, help="file for the requests (JSON lines)")
    parser.add_argument("--microversion", default="2.96", help="of the entities in the log")
    parser.add_argument("--with-parent", action="store_true", help="end when the parent ends")
    parser.add_argument("--verbose", action="store_true", help="log each request to stderr")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run until SIGTERM, SIGINT or, if asked, the parent's end."""
    options = _parser().parse_args(argv)
    parent = os.getppid()
    logging.basicConfig(level=logging.DEBUG if options.verbose else logging.INFO)
    ended = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    simulator = Simulator(
        servers=options.servers,
        seed=options.seed,
        host=options.host,
        port=options.port,
        page_limit=options.page_limit,
        token_life=options.token_life,
        churn=options.churn,
        shares=options.shares,
        log=options.log,
        request_log=options.request_log,
        microversion=options.microversion,
    )
    with simulator.serving() as running:
        ready = {
            "auth_url": running.auth_url,
            "compute_url": running.compute_url,
            "control_url": running.control_url,
            "pid": os.getpid(),
        }
        print(json.dumps(ready), flush=True)
        while not ended.wait(_LOOK_FOR_PARENT):
            if options.with_parent and os.getppid() != parent:
                break
    return 0


if __name__ == "__main__":
    sys.exit(main())
