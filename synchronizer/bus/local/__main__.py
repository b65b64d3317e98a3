# SPDX-License-Identifier: Apache-2.0
"""Runs a broker in the foreground: `python -m synchronizer.bus.local PATH`.

Prints a line when it listens, ends at SIGTERM or SIGINT, exits with 1 and a line of
explanation when it cannot listen.
"""

import argparse
import dataclasses
import logging
import signal
import sys

from synchronizer import errors
from synchronizer.bus.local.broker import Broker
from synchronizer.bus.local.limits import Limits


def main(argv: list[str] | None = None) -> int:
    """The command; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m synchronizer.bus.local", description=__doc__)
    parser.add_argument("path", help="the socket to listen at")
    parser.add_argument("--group", help="a group that may use the bus, beside its owner")
    for field in dataclasses.fields(Limits):
        parser.add_argument(
            f"--{field.name.replace('_', '-')}",
            type=type(field.default),
            default=field.default,
            help="limit, default %(default)s",
        )
    args = vars(parser.parse_args(argv))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    path, group = args.pop("path"), args.pop("group")
    broker = Broker(path, group, Limits(**args))
    broker.stop_at(signal.SIGTERM, signal.SIGINT)
    try:
        broker.open()
    except errors.SocketUnusable as error:
        print(error, file=sys.stderr)
        return 1
    print(f"listening at {path}", flush=True)
    broker.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
